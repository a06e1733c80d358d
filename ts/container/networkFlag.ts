import { RcxError } from '../errors.ts';
import type { Endpoint } from '../network/attachments.ts';
import { plain, quote } from '../oci/quote.ts';
import { parseNetworkMode } from './namespaceModes.ts';

const FIELDS = ['name', 'alias', 'ip', 'ip6', 'mac-address'];

/**
 * Reads `--network`: a mode or a network, or Docker's long form, `name=front,alias=web,ip=172.30.0.9`.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function parseNetworkFlag(text: string): Endpoint {
  // Empty is the default, as with Docker.
  if (!text.includes('=')) return { network: parseNetworkMode(text) ?? 'default' };
  const fields = text.split(',').map((field) => field.split('=', 2) as [string, string | undefined]);
  const unknown = fields.find(([name, value]) => !FIELDS.includes(name) || !value);
  if (unknown !== undefined) throw invalid(text, `there is ${FIELDS.join(', ')}`);
  const last = (wanted: string) => fields.findLast(([name]) => name === wanted)?.[1];
  const network = last('name');
  if (network === undefined) throw invalid(text, 'give the name of the network');
  const aliases = fields.flatMap(([name, value]) => (name === 'alias' && value !== undefined ? [value] : []));
  return {
    network: parseNetworkMode(network) ?? network,
    ...(aliases.length > 0 && { aliases }),
    ip: last('ip'),
    ip6: last('ip6'),
    mac: last('mac-address'),
  };
}

function invalid(text: string, hint: string): RcxError {
  return new RcxError(`read --network: ${quote(text)} is not valid`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'read --network',
    path: plain(text),
    hint,
  });
}
