import type { UnpackResult } from '../layer/unpack.ts';
import type { MadeLayer } from '../store/layers.ts';

/** What the record of a layer says of how it was unpacked. */
export function madeLayer({ size, entries, opaqueRoot, tree }: UnpackResult): MadeLayer {
  return { size, entries, ...(opaqueRoot && { opaqueRoot }), tree };
}
