import { isAbsolute, resolve } from 'node:path';
import { RcxError } from '../errors.ts';
import type { ContainerMount } from './options.ts';

const BIND_OPTIONS = /^(ro|rw|z|Z|r?private|r?slave|r?shared|rbind|bind|idmap|nocopy|consistent|cached|delegated)$/;

/** Docker's: attributes of the mount, then what tmpfs itself knows (tmpfs(5)). */
const TMPFS_OPTION =
  /^(r[ow]|(no)?(suid|dev|exec|atime|diratime)|relatime|strictatime|defaults|a?sync|dirsync|size=[0-9]+[kmgt%]?|nr_(blocks|inodes)=[0-9]+[kmg]?|mode=[0-7]{1,4}|[ug]id=[0-9]{1,10}|mpol=\S+)$/i;

/** `-v source:target[:options]`, as Docker reads it; relative sources start with a dot and count from `cwd`. */
export function parseVolume(text: string, cwd: string = process.cwd()): ContainerMount {
  const [source, target, options, ...rest] = text.split(':');
  if (source === undefined || target === undefined || rest.length > 0) {
    throw invalid('-v', text, 'write it as /host/path:/container/path[:ro]');
  }
  if (!isAbsolute(source) && !source.startsWith('.')) {
    throw invalid('-v', text, `${source} would be a named volume; give a path that starts with / or ./`);
  }
  const list = (options ?? '').split(',').filter((option) => option !== '');
  const unknown = list.find((option) => !BIND_OPTIONS.test(option));
  if (unknown !== undefined) throw invalid('-v', text, `unknown option ${unknown}`);
  return bind(resolve(cwd, source), target, list.filter(isMountOption), '-v', text);
}

/** `--mount type=bind,source=…,target=…[,readonly]` and `type=tmpfs,target=…[,tmpfs-size=…][,tmpfs-mode=…]`. */
export function parseMount(text: string, cwd: string = process.cwd()): ContainerMount {
  const fields = new Map<string, string>();
  for (const field of text.split(',')) {
    const equals = field.indexOf('=');
    fields.set(equals < 0 ? field : field.slice(0, equals), equals < 0 ? 'true' : field.slice(equals + 1));
  }
  const take = (...names: string[]): string | undefined => {
    const found = names.map((name) => fields.get(name)).find((value) => value !== undefined);
    for (const name of names) fields.delete(name);
    return found;
  };
  const type = take('type') ?? 'volume';
  const target = take('target', 'destination', 'dst') ?? '';
  const readOnly = ['true', '1'].includes(take('readonly', 'ro') ?? '');
  const options = readOnly ? ['ro'] : [];
  let mount: ContainerMount;
  if (type === 'bind') {
    const source = take('source', 'src');
    if (source === undefined) throw invalid('--mount', text, 'a bind needs source=/host/path');
    const propagation = take('bind-propagation');
    if (['true', '1'].includes(take('idmap') ?? '')) options.push('idmap');
    mount = bind(resolve(cwd, source), target, propagation ? [...options, propagation] : options, '--mount', text);
  } else if (type === 'tmpfs') {
    const [size, mode] = [take('tmpfs-size'), take('tmpfs-mode')];
    const extra = [size && `size=${size}`, mode && `mode=${mode}`].filter(
      (option) => option !== undefined && option !== '',
    );
    mount = tmpfs(target, [...options, ...(extra as string[])], '--mount', text);
  } else {
    throw invalid('--mount', text, `type=${type} is not known here; there are bind and tmpfs`);
  }
  const [unknown] = fields.keys();
  if (unknown !== undefined) throw invalid('--mount', text, `unknown key ${unknown}`);
  return mount;
}

/** `--tmpfs target[:options]`. */
export function parseTmpfs(text: string): ContainerMount {
  const colon = text.indexOf(':');
  const target = colon < 0 ? text : text.slice(0, colon);
  const options = colon < 0 ? [] : text.slice(colon + 1).split(',');
  const given = options.filter((option) => option !== '');
  const unknown = given.find((option) => !TMPFS_OPTION.test(option));
  if (unknown !== undefined) throw invalid('--tmpfs', text, `invalid tmpfs option ${unknown}`);
  return tmpfs(target, given, '--tmpfs', text);
}

function bind(source: string, target: string, options: string[], flag: string, text: string): ContainerMount {
  return { type: 'bind', source, target: checkTarget(target, flag, text), options: ['rbind', ...options] };
}

function tmpfs(target: string, options: string[], flag: string, text: string): ContainerMount {
  const own = ['nosuid', 'nodev', 'noexec'];
  return { type: 'tmpfs', target: checkTarget(target, flag, text), options: [...own, ...options] };
}

/** The target in its shortest form. */
function checkTarget(target: string, flag: string, text: string): string {
  if (!isAbsolute(target)) throw invalid(flag, text, 'the path inside the container must be absolute');
  const path = resolve(target);
  if (path === '/') throw invalid(flag, text, 'the root itself cannot be mounted over');
  return path;
}

/** What Docker accepts for other systems or volumes and a bind on Linux has no use for. */
function isMountOption(option: string): boolean {
  return !/^(nocopy|consistent|cached|delegated)$/.test(option);
}

function invalid(flag: string, text: string, hint: string): RcxError {
  return new RcxError(`read ${flag}: ${JSON.stringify(text)} is not valid`, {
    code: 'ERR_RCX_INVALID_MOUNT',
    step: `read ${flag}`,
    path: text,
    hint,
  });
}
