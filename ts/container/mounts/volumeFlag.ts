import { isAbsolute, resolve } from 'node:path';
import { isRcxError } from '../../errors.ts';
import { checkVolumeName } from '../../volume/name.ts';
import type { ContainerMount } from '../options.ts';
import { checkTarget, invalidMount } from './invalid.ts';
import { CONSISTENCY, PROPAGATION } from './modes.ts';

/** Docker's modes of `-v`; each kind can be given once. */
const KINDS = {
  access: /^(ro|rw)$/,
  label: /^[zZ]$/,
  propagation: PROPAGATION,
  binding: /^r?bind$/,
  mapping: /^idmap$/,
  copy: /^nocopy$/,
  consistency: CONSISTENCY,
};

type Kind = keyof typeof KINDS;

/**
 * `-v`, as Docker reads it: `/host/path:/path[:options]`, where relative paths start with a dot and count from `cwd`;
 * `name:/path[:options]`; and `/path` for a volume without a name.
 * @throws ERR_RCX_INVALID_MOUNT
 */
export function parseVolume(text: string, cwd: string = process.cwd()): ContainerMount {
  const parts = text.split(':');
  if (parts.length === 1 && text !== '') {
    return { type: 'volume', target: checkTarget(text, '-v', text), options: [], flag: { name: '-v', text } };
  }
  const [source = '', destination = '', mode, ...rest] = parts;
  if (source === '' || destination === '' || rest.length > 0) {
    throw invalidMount('-v', text, 'write it as /host/path:/container/path[:ro], name:/container/path[:ro] or /path');
  }
  const target = checkTarget(destination, '-v', text);
  const modes = readModes(mode ?? '', text);
  const isBind = isAbsolute(source) || source.startsWith('.');
  return isBind ? bind(resolve(cwd, source), target, modes, text) : volume(source, target, modes, text);
}

function readModes(mode: string, text: string): Map<Kind, string> {
  const modes = new Map<Kind, string>();
  for (const option of mode.split(',').filter((each) => each !== '')) {
    const kind = (Object.keys(KINDS) as Kind[]).find((each) => KINDS[each].test(option));
    if (kind === undefined) throw invalidMount('-v', text, `invalid mode: ${mode}: unknown option ${option}`);
    if (modes.has(kind)) throw invalidMount('-v', text, `invalid mode: ${mode}: ${modes.get(kind)} and ${option}`);
    modes.set(kind, option);
  }
  return modes;
}

function bind(source: string, target: string, modes: Map<Kind, string>, text: string): ContainerMount {
  if (modes.has('copy')) throw invalidMount('-v', text, 'nocopy is for volumes, and this is a path of the host');
  return {
    type: 'bind',
    source,
    target,
    options: mountOptions(modes),
    ...relabel(modes),
    bind: { createSource: true, ...(modes.get('binding') === 'bind' && { recursive: 'disabled' }) },
    flag: flag(source, target, modes),
  };
}

function volume(source: string, target: string, modes: Map<Kind, string>, text: string): ContainerMount {
  try {
    checkVolumeName(source);
  } catch (error) {
    throw isRcxError(error) ? invalidMount('-v', text, [error.message, error.hint].filter(Boolean).join('. ')) : error;
  }
  const bindOnly = modes.get('propagation') ?? modes.get('binding') ?? modes.get('mapping');
  if (bindOnly !== undefined) throw invalidMount('-v', text, `${bindOnly} is for paths of the host, not for a volume`);
  return {
    type: 'volume',
    source,
    target,
    options: mountOptions(modes),
    ...relabel(modes),
    ...(modes.has('copy') && { volume: { noCopy: true } }),
    flag: flag(source, target, modes),
  };
}

/** The flag in the form that Docker shows it in. */
function flag(source: string, target: string, modes: Map<Kind, string>): ContainerMount['flag'] {
  const words = [source, target, ...(modes.size > 0 ? [[...modes.values()].join(',')] : [])];
  return { name: '-v', text: words.join(':') };
}

function relabel(modes: Map<Kind, string>): Pick<ContainerMount, 'relabel'> {
  const letter = modes.get('label');
  return letter === undefined ? {} : { relabel: letter === 'z' ? 'shared' : 'private' };
}

/** What the kernel is told. Consistency is for other systems. */
function mountOptions(modes: Map<Kind, string>): string[] {
  return (['access', 'propagation', 'mapping'] as const).flatMap((kind) => modes.get(kind) ?? []);
}
