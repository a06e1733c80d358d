import type { Engine } from '../engine.ts';
import { isRcxError, RcxError } from '../errors.ts';
import { imageEvent } from '../events/append.ts';
import type { Digest } from '../oci/digest.ts';
import { plain } from '../oci/quote.ts';
import { canonicalReference, familiarName, familiarReference, parseReference } from '../oci/reference.ts';
import { BlobStore } from '../store/blobs.ts';
import { contentOf } from '../store/content.ts';
import { removeContent, type Unreadable } from '../store/gc.ts';
import type { StoredImage } from '../store/images.ts';
import { withContentLock } from '../store/lock.ts';
import { findInUse } from './inUse.ts';

export interface RemoveImageOptions {
  /** Take all names away, even from an image that a container uses; that image then stays without a name. */
  force?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** Called once if a pull or the making of a container has to be waited for. */
  onWait?: (() => void) | undefined;
}

/** What was taken away. */
export interface RemovedImage {
  /** Names as Docker shows them. */
  untagged: string[];
  /** ID of the image and diff IDs of its layers that nothing else uses. */
  deleted: Digest[];
  /** Records that cannot be read, because of which nothing was deleted that they may need. */
  kept?: readonly Unreadable[];
}

/**
 * Removes a name of an image, and with its last one the image and what no other image or container uses of it.
 * @param text a name, which alone is removed; or an image ID or a prefix of one, for all names
 * @throws ERR_RCX_IMAGE_NOT_FOUND, ERR_RCX_IMAGE_IN_USE, ERR_RCX_IMAGE_NAMES when an ID stands for names in several
 * repositories
 */
export async function removeImage(
  engine: Engine,
  text: string,
  { force = false, signal, onWait }: RemoveImageOptions = {},
): Promise<RemovedImage> {
  // Alone: nobody may be relying on content that only this image refers to.
  const remove = () => removeLocked(engine, text, force);
  const removed = await withContentLock(engine.paths, remove, { signal, ...(onWait && { onWait }) });
  removedEvents(engine, removed);
  return removed;
}

/** Tells of names that were taken away, and of an image that is gone. */
export function removedEvents({ paths }: Engine, { untagged, deleted: [id] }: RemovedImage): void {
  for (const name of untagged) if (!name.includes('@')) imageEvent(paths, name, 'untag');
  if (id !== undefined) imageEvent(paths, id, 'delete');
}

async function removeLocked(engine: Engine, text: string, force: boolean): Promise<RemovedImage> {
  const { images, containers } = engine;
  const found = find(engine, text);
  if (found.damage !== undefined) return await removeDamaged(engine, text, found.damage);
  const { image } = found;
  const names = namesMeant(image, text) ?? allNames(image, text, force);
  if (names.length < image.references.length) {
    for (const name of names) await images.untag(name);
    return { untagged: names.map(familiar), deleted: [] };
  }
  const user = containers.list().find(({ config }) => config.imageId === image.id);
  if (user === undefined) {
    const content = contentOf(new BlobStore(engine.paths), image.manifest);
    await images.drop([image.manifest.digest]);
    const used = findInUse(engine);
    const { diffIds } = await removeContent(engine.paths, content, used);
    const untagged = [...names, ...image.repoDigests].map(familiar);
    const kept = used.unreadable.length > 0 && { kept: used.unreadable };
    // Docker names the layers from the top down.
    return { untagged, deleted: [image.id, ...diffIds.reverse()], ...kept };
  }
  // What its container needs stays; a name can be spared.
  if (!force || names.length === 0) throw inUse(text, user.config, names.length > 0);
  await images.strip(image.manifest.digest);
  return { untagged: names.map(familiar), deleted: [] };
}

type Found = { image: StoredImage; damage?: never } | { damage: RcxError };

function find({ images }: Engine, text: string): Found {
  try {
    return { image: images.find(text) };
  } catch (error) {
    const unknown = isRcxError(error, 'ERR_RCX_IMAGE_NOT_FOUND') || isRcxError(error, 'ERR_RCX_IMAGE_AMBIGUOUS');
    if (unknown || !isRcxError(error)) throw error;
    return { damage: error };
  }
}

/** What its blobs and layers are cannot be told any more, and another image may have them in common: only the name goes. */
async function removeDamaged({ images }: Engine, text: string, damage: RcxError): Promise<RemovedImage> {
  const name = canonicalReference(parseReference(text));
  if (!(await images.untag(name))) throw damage;
  return { untagged: [familiar(name)], deleted: [] };
}

/** The names that a name stands for: itself, or with a digest all of its repository. `undefined` for an image ID. */
function namesMeant({ references }: StoredImage, text: string): string[] | undefined {
  if (/^sha256:/.test(text)) return undefined;
  let wanted: ReturnType<typeof parseReference>;
  try {
    wanted = parseReference(text);
  } catch (error) {
    if (isRcxError(error, 'ERR_RCX_INVALID_REFERENCE')) return undefined;
    throw error;
  }
  const name = canonicalReference(wanted);
  if (references.includes(name)) return [name];
  if (wanted.digest === undefined) return undefined;
  return references.filter((each) => familiarName(parseReference(each)) === familiarName(wanted));
}

function allNames({ references }: StoredImage, text: string, force: boolean): string[] {
  const repositories = new Set(references.map((name) => familiarName(parseReference(name))));
  if (repositories.size <= 1 || force) return references;
  throw new RcxError(
    `remove image ${text}: it has names in several repositories: ${references.map(familiar).join(', ')}`,
    {
      code: 'ERR_RCX_IMAGE_NAMES',
      step: 'remove image',
      path: text,
      hint: `remove them by name, or all with: rcx rmi -f ${text}`,
    },
  );
}

function familiar(name: string): string {
  return familiarReference(parseReference(name));
}

function inUse(text: string, { id, name }: { id: string; name: string }, hasName: boolean): RcxError {
  const untag = hasName ? `; or take away only the name with: rcx rmi -f ${plain(text)}` : '';
  return new RcxError(`remove image ${plain(text)}: the container ${name} (${id.slice(0, 12)}) uses it`, {
    code: 'ERR_RCX_IMAGE_IN_USE',
    step: 'remove image',
    path: plain(text),
    hint: `remove the container first with: rcx rm ${name}${untag}`,
  });
}
