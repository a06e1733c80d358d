import { join } from 'node:path';
import { packageRoot } from '../native/index.ts';

export interface UnitOptions {
  /** Of a user's own systemd. */
  isUser: boolean;
  env?: NodeJS.ProcessEnv;
}

/** The unit with which systemd runs containers again when the machine starts, systemd.service(5). */
export function systemdUnit({ isUser, env = process.env }: UnitOptions): string {
  const command = [process.execPath, join(packageRoot, 'bin/rcx.js'), 'system', 'boot'].map(quoted).join(' ');
  const places = (['RCX_ROOT', 'RCX_RUN'] as const).flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [`Environment=${quoted(`${name}=${value}`)}`];
  });
  return [
    '[Unit]',
    'Description=Containers of rcx that run from the start of the machine on',
    'Wants=network-online.target',
    'After=network-online.target local-fs.target',
    '',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    ...places,
    `ExecStart=${command}`,
    // The monitors alone are asked to end: they ask the containers.
    'KillMode=mixed',
    'TimeoutStopSec=90',
    '',
    '[Install]',
    `WantedBy=${isUser ? 'default.target' : 'multi-user.target'}`,
    '',
  ].join('\n');
}

/** A word of a command line: systemd expands `%` and `$`, and takes C's escapes between quotes. */
function quoted(word: string): string {
  const escaped = word
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')
    .replaceAll('\n', '\\n');
  return /^[\w@:,./=%+-]+$/.test(word) ? escaped : `"${escaped}"`;
}
