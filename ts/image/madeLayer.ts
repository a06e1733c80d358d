import type { UnpackResult } from '../layer/unpack.ts';
import type { MadeLayer } from '../store/layers.ts';

/** What the record of a layer says of how it was unpacked; most are neither opaque nor have directories that they only imply. */
export function madeLayer({ size, entries, opaqueRoot, tree, implied }: UnpackResult): MadeLayer {
  return { size, entries, ...(opaqueRoot && { opaqueRoot }), tree, ...(implied.length > 0 && { implied }) };
}
