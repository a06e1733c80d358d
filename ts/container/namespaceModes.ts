import { RcxError } from '../errors.ts';
import { plain, quote } from '../oci/quote.ts';
import type { IpcMode, NetworkMode, OtherContainer, PidMode } from './options.ts';

/** A flag that says where a namespace comes from, and the modes that it has beside `container:NAME`. */
interface Flag<T extends string> {
  name: string;
  modes: readonly T[];
  /** Whether it can be that of another container. */
  others: boolean;
  /** Whether it can be one that exists, by path. */
  paths?: boolean;
  /** What else it can be. */
  names?: { pattern: RegExp; word: string };
}

const NETWORK: Flag<NetworkMode> = {
  ...{ name: '--network', modes: ['none', 'host'], others: true, paths: true },
  names: { pattern: /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, word: 'the name of a network' },
};
const IPC: Flag<IpcMode> = { name: '--ipc', modes: ['none', 'private', 'shareable', 'host'], others: true };
const PID: Flag<PidMode> = { name: '--pid', modes: ['private', 'host'], others: true };
const UTS: Flag<'private' | 'host'> = { name: '--uts', modes: ['private', 'host'], others: false };
const CGROUPNS: Flag<'private' | 'host'> = { name: '--cgroupns', modes: ['private', 'host'], others: false };

/** Readers of the flags' values; empty is the default, as with Docker. @throws ERR_RCX_INVALID_OPTION */
export const parseNetworkMode = reader(NETWORK);
export const parseIpcMode = reader(IPC);
export const parsePidMode = reader(PID);
export const parseUtsMode = reader(UTS);
export const parseCgroupnsMode = reader(CGROUPNS);

/** The container of `container:NAME`; `undefined` for any other mode. */
export function otherContainer(mode: string | undefined): string | undefined {
  return mode?.startsWith('container:') ? mode.slice('container:'.length) : undefined;
}

/** The path of `ns:PATH`; `undefined` for any other mode. */
export function namespacePath(mode: string | undefined): string | undefined {
  return mode?.startsWith('ns:') ? mode.slice('ns:'.length) : undefined;
}

/** The network of a mode that is none of the others. */
export function namedNetwork(mode: NetworkMode | undefined): string | undefined {
  if (mode === undefined || mode === 'none') return undefined;
  return isForeign(mode) ? undefined : mode;
}

/** Whether a network namespace is somebody else's: nothing in it is this container's to set. */
export function isForeign(mode: NetworkMode | undefined): boolean {
  return mode === 'host' || otherContainer(mode) !== undefined || namespacePath(mode) !== undefined;
}

function reader<T extends string>(flag: Flag<T>): (text: string) => T | undefined {
  return (text) => {
    if (text === '') return undefined;
    const mode = flag.modes.find((each) => each === text);
    if (mode !== undefined) return mode;
    if (flag.others && isOther(text)) return text as T;
    if (flag.paths && /^ns:\/./.test(text)) return text as T;
    if (flag.names?.pattern.test(text)) return text as T;
    throw invalid(flag, text);
  };
}

function isOther(text: string): text is OtherContainer {
  return /^container:.+$/.test(text);
}

function invalid(flag: Flag<string>, text: string): RcxError {
  const modes = [
    ...flag.modes,
    ...(flag.others ? ['container:NAME'] : []),
    ...(flag.paths ? ['ns:PATH'] : []),
    ...(flag.names ? [flag.names.word] : []),
  ];
  return new RcxError(`read ${flag.name}: ${quote(text)} is not valid`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: `read ${flag.name}`,
    path: plain(text),
    hint: `there is ${modes.join(', ')}`,
  });
}
