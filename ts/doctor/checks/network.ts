import { type Finding, missing, ok, reduced } from '../finding.ts';
import type { Host } from '../host.ts';

/** What a trial of networks came to: the error, in one line, or `undefined`. */
export type NetworkTrial = () => string | undefined;

const MODULES =
  'modprobe -a bridge veth nf_tables nft_chain_nat nft_masq nft_fib_inet nft_ct, or install a kernel with them';
const CAPABILITY =
  'run rcx with CAP_NET_ADMIN; where an outer container takes it away, start that one with --cap-add NET_ADMIN or --privileged';

/** What networks need of the kernel, and a packet filter that rcx cannot look into. */
export function networkFindings(host: Host, trial: NetworkTrial): Finding[] {
  const failure = trial();
  const name = 'networks';
  if (failure !== undefined) {
    return [
      missing(
        name,
        failure,
        'containers have no network but none and host',
        `${failure.includes('EPERM') ? CAPABILITY : MODULES}; until then: --network none, or "defaultNetwork": "none" in /etc/rcx/config.json`,
      ),
    ];
  }
  return [ok(name, 'bridge, veth, nf_tables'), ...legacyFilter(host)];
}

/** Rules of the older iptables are not among those of nf_tables, and rcx cannot have them accept anything. */
function legacyFilter(host: Host): Finding[] {
  const tables = host.read('/proc/net/ip_tables_names')?.split('\n') ?? [];
  if (!tables.includes('filter')) return [];
  return [
    reduced(
      'iptables-legacy',
      'its table filter is in use',
      'where its chain FORWARD drops, containers reach this machine only',
      'iptables-legacy -A FORWARD -i rcx-+ -j ACCEPT; iptables-legacy -A FORWARD -o rcx-+ -j ACCEPT',
    ),
  ];
}
