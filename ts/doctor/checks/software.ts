import { existsSync } from 'node:fs';
import { type Finding, ok, reduced } from '../finding.ts';

export interface SoftwareOptions {
  env: NodeJS.ProcessEnv;
  /** `v20.19.0` */
  nodeVersion: string;
  /** Containers that a start of the machine should run again. */
  restarting: readonly string[];
}

/** Node itself, and what runs containers again after a reboot. */
export function softwareFindings({ env, nodeVersion, restarting }: SoftwareOptions): Finding[] {
  return [node(nodeVersion, env), ...boot(restarting)];
}

function node(version: string, env: NodeJS.ProcessEnv): Finding {
  const slow = ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS'].filter((name) => env[name] !== undefined && env[name] !== '');
  if (slow.length === 0) return ok('Node', version);
  return reduced(
    'Node',
    `${version}, ${slow.join(' and ')} set`,
    'each command reads them at its start: a file of certificates costs Node 20 some 35 ms',
    `env -u ${slow.join(' -u ')} rcx …, where they are not needed`,
  );
}

/** Where systemd looks for units, systemd.unit(5). */
const UNITS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
];

function boot(restarting: readonly string[]): Finding[] {
  const [first] = restarting;
  if (first === undefined) return [];
  const name = 'start of the machine';
  if (UNITS.some((folder) => existsSync(`${folder}/rcx.service`))) return [ok(name, 'rcx.service')];
  const others = restarting.length === 1 ? '' : ` and ${restarting.length - 1} more`;
  return [
    reduced(
      name,
      'no rcx.service',
      `${first}${others} will not be run again after a reboot`,
      existsSync('/run/systemd/system')
        ? 'rcx system unit > /etc/systemd/system/rcx.service && systemctl enable rcx.service'
        : 'have the start of the machine call: rcx system boot',
    ),
  ];
}
