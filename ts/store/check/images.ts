import { isRcxError, RcxError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { isManifestType } from '../../oci/mediaTypes.ts';
import { parseImageConfig } from '../../oci/parse.ts';
import { plain } from '../../oci/quote.ts';
import { familiarReference, parseReference } from '../../oci/reference.ts';
import type { Descriptor } from '../../oci/types.ts';
import { BlobStore } from '../blobs.ts';
import type { StorePaths } from '../paths.ts';
import { factsOf, readManifest } from '../storedImage.ts';
import { type Problem, REPAIR } from './findings.ts';

/** A layer that an image needs: the tree, and the blob that it is made from. */
export interface NeededLayer {
  diffId: Digest;
  blob: Descriptor;
  image: string;
}

export interface ImageCheck {
  count: number;
  problems: Problem[];
  layers: NeededLayer[];
  /** For every blob the images that need it. */
  users: Map<Digest, string[]>;
}

/**
 * Checks that all parts of every image are there and belong together.
 * @param damaged blobs that are not what their name says: they are told of once, with the images that need them
 */
export function checkImages(
  paths: StorePaths,
  entries: readonly Descriptor[],
  damaged: ReadonlyMap<Digest, string>,
): ImageCheck {
  const check: ImageCheck = { count: 0, problems: [], layers: [], users: new Map() };
  const blobs = new BlobStore(paths);
  const images = imagesOf(entries);
  const local = new Set(images.filter(({ isLocal }) => isLocal).map(({ name }) => name));
  for (const { entry: manifest, name: image } of images) {
    check.count++;
    try {
      checkImage(check, { blobs, damaged, manifest, image });
    } catch (error) {
      if (!isRcxError(error)) throw error;
      const path = blobs.path(manifest.digest);
      const message = `image ${image}: ${path}: ${error.message}`;
      check.problems.push({ kind: 'image', message, path, hint: REPAIR, manifest: manifest.digest, images: [image] });
    }
  }
  for (const [digest, why] of damaged) check.problems.push(damagedBlob(blobs, digest, why, check.users));
  for (const problem of check.problems) advise(problem, local);
  return check;
}

/** An image of the index. */
export interface IndexedImage {
  /** The first of its entries. */
  entry: Descriptor;
  /** All its names as one text. */
  name: string;
  /** It was made here: no registry has its parts. */
  isLocal: boolean;
}

/** Each image once, however many names it has. */
export function imagesOf(entries: readonly Descriptor[]): IndexedImage[] {
  const groups = new Map<Digest, Descriptor[]>();
  for (const entry of entries.filter(({ mediaType }) => isManifestType(mediaType))) {
    groups.set(entry.digest, [...(groups.get(entry.digest) ?? []), entry]);
  }
  return [...groups.values()].flatMap((group) => {
    const [entry] = group;
    if (entry === undefined) return [];
    const facts = group.map(factsOf);
    const names = facts.flatMap(({ reference }) => (reference === undefined ? [] : familiar(reference)));
    const isLocal = facts.every(({ sourceDigest }) => sourceDigest === undefined);
    return { entry, name: names.join(', ') || `<none>@${entry.digest}`, isLocal };
  });
}

/** Another tool may have written what is no name to rcx. */
function familiar(reference: string): string {
  try {
    return familiarReference(parseReference(reference));
  } catch {
    return plain(reference);
  }
}

/** What no registry has cannot be fetched. */
function advise(problem: Problem, local: ReadonlySet<string>): void {
  if (problem.kind !== 'blob' || problem.images.length === 0 || !problem.images.every((name) => local.has(name)))
    return;
  problem.hint = 'no registry has it: make the image again, or remove it with: rcx rmi';
}

interface Subject {
  blobs: BlobStore;
  damaged: ReadonlyMap<Digest, string>;
  manifest: Descriptor;
  image: string;
}

/** @throws what reading a document of the image throws */
function checkImage(check: ImageCheck, subject: Subject): void {
  const { blobs, manifest: entry, image } = subject;
  if (!isThere(check, subject, entry.digest, 'manifest')) return;
  const { config, layers } = readManifest(blobs, entry);
  for (const layer of layers) isThere(check, subject, layer.digest, 'layer');
  if (!isThere(check, subject, config.digest, 'config')) return;
  const { diff_ids: diffIds } = blobs.document(config.digest, parseImageConfig).rootfs;
  if (diffIds.length !== layers.length) {
    throw new RcxError(`it has ${layers.length} layers, but its config names ${diffIds.length}`, {
      code: 'ERR_RCX_INVALID_MANIFEST',
      step: 'check the image',
    });
  }
  for (const [at, blob] of layers.entries()) check.layers.push({ diffId: diffIds[at] as Digest, blob, image });
}

/** Notes who needs a blob, and whether it can be read. */
function isThere(check: ImageCheck, { blobs, damaged, image }: Subject, digest: Digest, part: string): boolean {
  const users = [...new Set([...(check.users.get(digest) ?? []), image])];
  check.users.set(digest, users);
  if (damaged.has(digest)) return false;
  if (blobs.has(digest)) return true;
  const path = blobs.path(digest);
  const known = check.problems.find((each) => each.kind === 'blob' && each.digest === digest);
  if (known?.kind === 'blob') known.images = users;
  else {
    const message = `blob ${digest}: ${path}: it is missing, a ${part} of ${image}`;
    check.problems.push({ kind: 'blob', message, path, hint: REPAIR, digest, missing: true, images: users });
  }
  return false;
}

function damagedBlob(blobs: BlobStore, digest: Digest, why: string, users: Map<Digest, string[]>): Problem {
  const images = users.get(digest) ?? [];
  const whose = images.length === 0 ? 'nothing needs it' : `a part of ${images.join(', ')}`;
  const path = blobs.path(digest);
  const message = `blob ${digest}: ${path}: ${why}, ${whose}`;
  return { kind: 'blob', message, path, hint: REPAIR, digest, missing: false, images };
}
