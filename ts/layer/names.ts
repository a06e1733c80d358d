import { type ByteString, invalidLayer } from './errors.ts';

/** Begins the name of an entry that deletes a file of the layers below. */
export const WHITEOUT = '.wh.';
/** AUFS kept its own books under such names; only the opaque marker means something in a layer. */
const RESERVED = '.wh..wh.';
const OPAQUE = '.wh..wh..opq';

/** What the name of an entry makes of it (image-spec, layer.md, "Whiteouts"). */
export type NamedAs =
  | { kind: 'entry'; path: ByteString }
  /** `path` is deleted from the layers below. */
  | { kind: 'whiteout'; path: ByteString }
  /** Everything in the directory `path` is deleted from the layers below. */
  | { kind: 'opaque'; path: ByteString }
  /** Leftovers of AUFS, which mean nothing elsewhere. */
  | { kind: 'ignored' };

/**
 * Reads the name of an entry.
 * @throws ERR_RCX_LAYER_INVALID for a name that leads out of the layer or a whiteout of nothing
 */
export function readName(name: ByteString): NamedAs {
  const path = cleanPath(name);
  if (!path.includes(WHITEOUT)) return { kind: 'entry', path };
  const components = path.split('/');
  const base = components.pop() ?? '';
  if (components.some((each) => each.startsWith(RESERVED))) return { kind: 'ignored' };
  if (components.some((each) => each.startsWith(WHITEOUT))) {
    throw invalidLayer('a whiteout has no entries below it', name);
  }
  if (!base.startsWith(WHITEOUT)) return { kind: 'entry', path };
  const parent = components.join('/');
  if (base === OPAQUE) return { kind: 'opaque', path: parent };
  if (base.startsWith(RESERVED)) return { kind: 'ignored' };
  const hidden = base.slice(WHITEOUT.length);
  if (hidden === '' || hidden === '.' || hidden === '..') throw invalidLayer('a whiteout must name a file', name);
  return { kind: 'whiteout', path: parent === '' ? hidden : `${parent}/${hidden}` };
}

/**
 * The path relative to the layer's root, without `.`, `..` and doubled slashes; empty for the root itself. An absolute
 * name is taken from the root, as other tools do.
 * @throws ERR_RCX_LAYER_INVALID for a relative name that leads out of the layer
 */
export function cleanPath(name: ByteString): ByteString {
  if (name.includes('\0')) throw invalidLayer('its name has a NUL byte', name);
  const plain = withoutOrnaments(name);
  if (plain !== undefined) return plain;
  const kept: string[] = [];
  for (const component of name.split('/')) {
    if (component === '' || component === '.') continue;
    if (component !== '..') kept.push(component);
    else if (kept.pop() === undefined && !name.startsWith('/')) {
      throw invalidLayer('its name leads out of the layer', name);
    }
  }
  return kept.join('/');
}

/** The names that archivers write, `./usr/bin/`: cleaned without being taken apart. */
function withoutOrnaments(name: ByteString): ByteString | undefined {
  const start = name.startsWith('./') ? 2 : 0;
  const end = name.endsWith('/') ? name.length - 1 : name.length;
  if (end <= start) return undefined;
  const plain = name.slice(start, end);
  const first = plain.charCodeAt(0);
  const ordinary = first !== 0x2e && first !== 0x2f && !plain.includes('/.') && !plain.includes('//');
  return ordinary && !plain.endsWith('/') ? plain : undefined;
}
