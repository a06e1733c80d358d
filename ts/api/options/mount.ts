import { parseMount } from '../../container/mounts/mountFlag.ts';
import { parseVolume } from '../../container/mounts/volumeFlag.ts';
import type { ContainerMount } from '../../container/options.ts';
import { allowing, flag, object, oneOf, onlyKnown, type Path, parsed, size, text } from './check.ts';
import type { Mount } from './types.ts';

const MEMBERS = ['type', 'source', 'target', 'readOnly', 'propagation', 'subpath', 'noCopy', 'size', 'mode'] as const;

/** Docker's `--volume` as text, or its `--mount` as an object. @throws ERR_RCX_INVALID_OPTION */
export function readMount(value: unknown, path: Path): ContainerMount {
  if (typeof value === 'string') return parsed(parseVolume)(value, path);
  const mount = object(value, path) as unknown as Mount;
  onlyKnown(mount, MEMBERS, `${path}.`);
  const fields = fieldsOf(mount, path).map((field) => `"${field.replaceAll('"', '""')}"`);
  return allowing(mount, path, () => parseMount(fields.join(',')));
}

function fieldsOf(mount: Mount, path: Path): string[] {
  const type = oneOf(['bind', 'volume', 'tmpfs', 'image'])(mount.type ?? 'bind', `${path}.type`);
  const member = (name: keyof Mount, key: string, read: (value: unknown, path: Path) => string | number = text) =>
    mount[name] === undefined ? [] : [`${key}=${read(mount[name], `${path}.${name}`)}`];
  const toggle = (name: keyof Mount, key: string) =>
    mount[name] !== undefined && flag(mount[name], `${path}.${name}`) ? [key] : [];
  return [
    `type=${type}`,
    ...member('source', 'source'),
    `target=${text(mount.target, `${path}.target`)}`,
    ...toggle('readOnly', 'readonly'),
    ...member('propagation', 'bind-propagation'),
    ...member('subpath', `${type}-subpath`),
    ...toggle('noCopy', 'volume-nocopy'),
    ...member('size', 'tmpfs-size', size),
    ...member('mode', 'tmpfs-mode'),
  ];
}
