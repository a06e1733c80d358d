import type { Digest } from '../../oci/digest.ts';
import { canonicalReference, type Reference } from '../../oci/reference.ts';
import type { Descriptor } from '../../oci/types.ts';
import type { ImageStore, StoredImage } from '../../store/images.ts';
import { storedImage } from '../upToDate.ts';

/** A name that an image has now. */
export interface LoadedName {
  reference: Reference;
  /** ID of another image that had the name before. */
  replaced?: Digest;
}

/** Gives the image of `manifest` names, which it takes from whoever has them; without names it is kept under its ID. */
export async function giveNames(
  images: ImageStore,
  manifest: Descriptor,
  references: readonly Reference[],
): Promise<{ image: StoredImage; names: LoadedName[] }> {
  let image: StoredImage | undefined;
  const names: LoadedName[] = [];
  for (const reference of references) {
    const before = holder(images, reference);
    const isThere = before?.manifest.digest === manifest.digest;
    // What is known of where a name came from would be lost.
    image = isThere ? before : await images.put(reference, manifest, { sourceDigest: reference.digest });
    names.push({ reference, ...(before !== undefined && before.id !== image.id && { replaced: before.id }) });
  }
  return { image: image ?? (await images.putUnnamed(manifest)), names };
}

/** An image whose record is damaged has no ID to tell. */
function holder(images: ImageStore, reference: Reference): StoredImage | undefined {
  const image = storedImage(images, reference);
  return image?.references.includes(canonicalReference(reference)) ? image : undefined;
}
