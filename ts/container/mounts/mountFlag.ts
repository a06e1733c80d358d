import { isAbsolute, resolve } from 'node:path';
import { RcxError } from '../../errors.ts';
import { checkDriver } from '../../volume/driverOptions.ts';
import { checkVolumeName } from '../../volume/name.ts';
import type { BindOptions, ContainerMount, VolumeOptions } from '../options.ts';
import { CONSISTENCY, PROPAGATION } from './modes.ts';
import { MountFields, TYPES } from './mountFields.ts';
import { tmpfs } from './tmpfsFlag.ts';

const RECURSIONS = ['enabled', 'disabled', 'writable', 'readonly'] as const;

/**
 * `--mount type=…,source=…,target=…`, as Docker reads it; without a type it is a volume.
 * @throws ERR_RCX_INVALID_MOUNT
 */
export function parseMount(text: string, cwd: string = process.cwd()): ContainerMount {
  const fields = new MountFields(text);
  const given = fields.get('type')?.toLowerCase() ?? 'volume';
  const type = TYPES.find((each) => each === given);
  if (type === undefined) throw fields.invalid(`type=${given} is not known here; there are ${TYPES.join(', ')}`);
  if (!fields.has('target')) throw fields.invalid('target is required');
  fields.refuseOthers(type);
  if (fields.has('idmap') && type !== 'bind') throw fields.invalid('idmap is for binds');
  const consistency = fields.get('consistency') ?? 'default';
  if (!CONSISTENCY.test(consistency)) {
    throw fields.invalid(`invalid value for consistency: ${consistency}`);
  }
  return { bind: bindMount, volume: volumeMount, tmpfs: tmpfsMount, image: imageMount }[type](fields, cwd);
}

function access(fields: MountFields): string[] {
  return fields.isTrue('readonly') ? ['ro'] : [];
}

function bindMount(fields: MountFields, cwd: string): ContainerMount {
  const source = fields.get('source');
  if (source === undefined || source === '') throw fields.invalid('a bind needs source=/host/path');
  const propagation = fields.get('bind-propagation');
  if (propagation !== undefined && !PROPAGATION.test(propagation)) {
    throw fields.invalid(`invalid propagation: ${propagation}`);
  }
  const recursive = recursion(fields);
  if (recursive === 'readonly') {
    const wanted = "option 'bind-recursive=readonly' requires";
    if (!fields.isTrue('readonly')) throw fields.invalid(`${wanted} 'readonly'`);
    if (propagation !== 'rprivate') throw fields.invalid(`${wanted} 'bind-propagation=rprivate'`);
  }
  return {
    type: 'bind',
    source: resolve(cwd, source),
    target: fields.target(),
    options: [
      ...access(fields),
      ...(fields.isTrue('idmap') ? ['idmap'] : []),
      ...(propagation === undefined ? [] : [propagation]),
    ],
    ...(recursive !== undefined && { bind: { recursive } }),
  };
}

function recursion(fields: MountFields): BindOptions['recursive'] {
  const given = fields.get('bind-recursive');
  if (fields.has('bind-nonrecursive')) {
    if (given !== undefined) throw fields.invalid('give bind-recursive or bind-nonrecursive, not both');
    return fields.isTrue('bind-nonrecursive') ? 'disabled' : undefined;
  }
  if (given === undefined) return undefined;
  const known = RECURSIONS.find((each) => each === given);
  if (known === undefined)
    throw fields.invalid(`invalid value for bind-recursive: ${given} (${RECURSIONS.join(', ')})`);
  return known;
}

function volumeMount(fields: MountFields): ContainerMount {
  const source = fields.get('source') ?? '';
  const [driver, driverOptions, labels] = [
    fields.get('volume-driver'),
    fields.map('volume-opt'),
    fields.map('volume-label'),
  ];
  try {
    if (source !== '') checkVolumeName(source);
    checkDriver(driver, driverOptions);
  } catch (error) {
    if (error instanceof RcxError) throw fields.invalid([error.message, error.hint].filter(Boolean).join('. '));
    throw error;
  }
  const subpath = relativePath(fields, 'volume-subpath');
  const volume: VolumeOptions = {
    ...(fields.has('volume-nocopy') && { noCopy: fields.isTrue('volume-nocopy') }),
    ...(subpath !== undefined && { subpath }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(driver !== undefined && { driver }),
    ...(Object.keys(driverOptions).length > 0 && { driverOptions }),
  };
  return {
    type: 'volume',
    ...(source !== '' && { source }),
    target: fields.target(),
    options: access(fields),
    ...(Object.keys(volume).length > 0 && { volume }),
  };
}

function tmpfsMount(fields: MountFields): ContainerMount {
  if (fields.has('source')) throw fields.invalid('a tmpfs has no source');
  const [size, mode] = [fields.get('tmpfs-size'), fields.get('tmpfs-mode')];
  const bytes = size === undefined ? undefined : bytesOf(size);
  if (bytes !== undefined && Number.isNaN(bytes)) throw fields.invalid(`invalid value for tmpfs-size: ${size}`);
  if (mode !== undefined && !/^[0-7]+$/.test(mode)) throw fields.invalid(`invalid value for tmpfs-mode: ${mode}`);
  const limits = [...(bytes ? [`size=${bytes}`] : []), ...(mode ? [`mode=${mode}`] : [])];
  return tmpfs(fields.target(), [...access(fields), ...limits]);
}

/** Docker's sizes; not a number for what is none. */
function bytesOf(text: string): number {
  const [, number, unit = ''] = /^([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  return Math.floor(Number(number) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' '));
}

function imageMount(fields: MountFields): ContainerMount {
  const source = fields.get('source');
  if (source === undefined || source === '') throw fields.invalid('an image mount needs source=IMAGE');
  const subpath = relativePath(fields, 'image-subpath');
  // It is read-only in any case.
  fields.isTrue('readonly');
  return {
    type: 'image',
    source,
    target: fields.target(),
    options: ['ro'],
    ...(subpath !== undefined && { image: { subpath } }),
  };
}

function relativePath(fields: MountFields, key: string): string | undefined {
  const path = fields.get(key);
  if (path === undefined || path === '') return undefined;
  if (isAbsolute(path) || path.split('/').includes('..')) {
    throw fields.invalid(`${key} must be a relative path within the ${key.split('-')[0]}`);
  }
  return path;
}
