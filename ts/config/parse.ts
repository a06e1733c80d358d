import { RcxError } from '../errors.ts';
import { boolean, integer, JsonNode, listOf, present, type Reader, string } from '../oci/json.ts';
import { quote } from '../oci/quote.ts';
import { canonicalRegistry, isRegistryName } from '../oci/reference.ts';
import type { IdRange, RcxConfig, RegistryConfig } from './config.ts';

/**
 * Checks the text of a configuration file.
 * @param file its path, for the error
 * @throws ERR_RCX_INVALID_CONFIG
 */
export function parseConfigFile(text: string, file: string): RcxConfig {
  const failure = (problem: string): RcxError =>
    new RcxError(`invalid configuration in ${file}: ${problem}`, {
      code: 'ERR_RCX_INVALID_CONFIG',
      step: 'read configuration',
      path: file,
      hint: 'correct the file; its form is {"registries": {"docker.io": {"mirrors": ["https://mirror.example"], "insecure": false}}}.',
    });
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw Object.assign(failure(`it is not JSON: ${quote((cause as Error).message)}`), { cause });
  }
  const root = new JsonNode(document, failure);
  refuseUnknownKeys(root, ['registries', 'userns', 'defaultNetwork']);
  return present({
    registries: root.optional('registries', registries) ?? {},
    userns: root.optional('userns', idRange),
    defaultNetwork: root.optional('defaultNetwork', networkMode),
  });
}

const networkMode: Reader<'bridge' | 'none'> = (node) => {
  const mode = string(node);
  if (mode === 'bridge' || mode === 'none') return mode;
  throw node.error(`is ${quote(mode)}, neither bridge nor none`);
};

/** Ids below are those of accounts that the machine makes for people (`UID_MAX`, login.defs(5)). */
const FIRST_ID = 65_536;
const LAST_ID = 0xffff_fffe;

const idRange: Reader<IdRange> = (node) => {
  refuseUnknownKeys(node, ['first', 'count']);
  const range = { first: node.required('first', integer), count: node.required('count', integer) };
  if (range.first < FIRST_ID || range.count < 1 || range.first + range.count - 1 > LAST_ID) {
    throw node.error(`is no range of ids between ${FIRST_ID} and ${LAST_ID}`);
  }
  return range;
};

const registries: Reader<Record<string, RegistryConfig>> = (node) =>
  Object.fromEntries(
    node.entries().map(([host, settings]) => {
      if (!isRegistryName(host)) throw settings.error('is not a registry host such as docker.io or localhost:5000');
      return [canonicalRegistry(host), registry(settings)];
    }),
  );

const registry: Reader<RegistryConfig> = (node) => {
  refuseUnknownKeys(node, ['mirrors', 'insecure']);
  return present({ mirrors: node.optional('mirrors', listOf(mirror)), insecure: node.optional('insecure', boolean) });
};

const mirror: Reader<string> = (node) => {
  const text = string(node);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw node.error(`is ${quote(text)}, not an http(s) URL`);
  if (url.username !== '' || url.password !== '') {
    throw node.error('holds a password; put it in ~/.docker/config.json with `rcx login` instead');
  }
  if (url.search !== '' || url.hash !== '') throw node.error(`is ${quote(text)}, which has a query or fragment`);
  return text;
};

/** A misspelt key that is silently ignored costs its writer an hour. */
function refuseUnknownKeys(node: JsonNode, known: string[]): void {
  const unknown = node.keys().find((key) => !known.includes(key));
  if (unknown !== undefined) throw node.error(`has the unknown key ${quote(unknown)}; known: ${known.join(', ')}`);
}
