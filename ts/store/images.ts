import { isRcxError, RcxError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { isManifestType } from '../oci/mediaTypes.ts';
import { plain } from '../oci/quote.ts';
import { canonicalReference, parseReference, type Reference } from '../oci/reference.ts';
import type { Descriptor } from '../oci/types.ts';
import { BlobStore } from './blobs.ts';
import { LayerStore } from './layers.ts';
import { ImageLayout } from './layout.ts';
import type { StorePaths } from './paths.ts';
import {
  factsOf,
  readImage,
  readManifest,
  type StoredImage,
  toEntry,
  withoutAnnotations,
  withoutReference,
} from './storedImage.ts';

export type { StoredImage } from './storedImage.ts';

export interface PutOptions {
  /** Digest that the registry serves under the reference; the manifest's own or that of the index it was chosen from. */
  sourceDigest?: Digest | undefined;
  /** The name is given here and now; it does not come with the image. */
  isNew?: boolean;
}

/** The images of one store by name and ID. Reading is synchronous and touches three small files for one image. */
export class ImageStore {
  readonly #layout: ImageLayout;
  readonly #blobs: BlobStore;
  readonly #layers: LayerStore;

  constructor(paths: StorePaths) {
    this.#layout = new ImageLayout(paths);
    this.#blobs = new BlobStore(paths);
    this.#layers = new LayerStore(paths);
  }

  /**
   * All images, each once, in the order in which they came. One that is damaged is left out: {@link ImageStore.find}
   * says what is wrong with it, and it can be removed by name.
   */
  list(): StoredImage[] {
    return [...byManifest(this.#entries()).values()].flatMap((entries) => {
      try {
        return [this.#read(entries)];
      } catch (error) {
        if (isRcxError(error)) return [];
        throw error;
      }
    });
  }

  /**
   * The image that `text` names: a reference (`ubuntu`, `ubuntu@sha256:…`), or an image ID or a prefix of one.
   * @throws ERR_RCX_IMAGE_NOT_FOUND, ERR_RCX_IMAGE_AMBIGUOUS for a prefix of several IDs
   */
  find(text: string): StoredImage {
    const entries = this.#entries();
    const named = findByReference(entries, text);
    if (named !== undefined) return this.#read(entries.filter((entry) => entry.digest === named.digest));
    const prefix = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(text)?.[1];
    const found = prefix === undefined ? [] : this.#findById(entries, prefix);
    if (new Set(found.map(({ id }) => id)).size > 1) throw ambiguous(text, found);
    const [first] = found;
    if (first === undefined) throw notFound(text);
    // Of one image there may be several manifests, which differ in how layers are compressed.
    return found.find(({ references }) => references.length > 0) ?? first;
  }

  /** Whether {@link ImageStore.find} would find it. */
  has(text: string): boolean {
    try {
      this.find(text);
      return true;
    } catch (error) {
      if (isRcxError(error, 'ERR_RCX_IMAGE_NOT_FOUND')) return false;
      throw error;
    }
  }

  /**
   * Gives the image of `manifest` the name `reference`; an image that had it stays without. Its blobs and layers must be
   * in the store, and on the disk, before.
   */
  async put(reference: Reference, manifest: Descriptor, options: PutOptions = {}): Promise<StoredImage> {
    const name = canonicalReference(reference);
    const size = this.#unpackedSize(manifest);
    await this.#layout.update((entries) => {
      // Where the same name of the same image came from is still true.
      const before = entries.find((entry) => isNameOf(entry, name, manifest.digest));
      const sourceDigest = options.sourceDigest ?? (before && factsOf(before).sourceDigest);
      const tagged = options.isNew ? new Date().toISOString() : before && factsOf(before).tagged;
      const added = toEntry(withoutAnnotations(manifest), { reference: name, sourceDigest, size, tagged });
      if (before !== undefined) return entries.map((entry) => (entry === before ? added : entry));
      return [...untag(entries, name, manifest.digest), added];
    });
    return this.find(name);
  }

  /** Notes by which digest a registry has an image under one of its names, unless that has become another image's meanwhile. */
  async setSource(reference: Reference, manifest: Digest, sourceDigest: Digest): Promise<void> {
    const name = canonicalReference(reference);
    await this.#layout.update((entries) =>
      entries.map((entry) =>
        isNameOf(entry, name, manifest)
          ? toEntry(withoutAnnotations(entry), { ...factsOf(entry), sourceDigest })
          : entry,
      ),
    );
  }

  /** Adds an image without a name, as `put` does with one. */
  async putUnnamed(manifest: Descriptor): Promise<StoredImage> {
    const size = this.#unpackedSize(manifest);
    const added = toEntry(withoutAnnotations(manifest), { reference: undefined, sourceDigest: undefined, size });
    await this.#layout.update((entries) => {
      const known = entries.some((entry) => entry.digest === manifest.digest);
      return known ? [...entries] : [...entries, added];
    });
    return this.find(this.#idOf(manifest) ?? manifest.digest);
  }

  /** Has all names of one manifest lead to another one, of the same image in another form. */
  async replaceManifest(before: Digest, after: Descriptor): Promise<void> {
    await this.#layout.update((entries) =>
      entries.map((entry) => (entry.digest === before ? { ...entry, ...withoutAnnotations(after) } : entry)),
    );
  }

  /** Gives the image that `text` names another name. */
  async tag(text: string, reference: Reference): Promise<StoredImage> {
    return await this.put(reference, this.find(text).manifest, { isNew: true });
  }

  /**
   * Takes away one name; the image goes with its last one. Blobs and layers stay.
   * @param name canonical
   * @returns whether there was one
   */
  async untag(name: string): Promise<boolean> {
    let found = false;
    await this.#layout.update((entries) => {
      const others = entries.filter((entry) => factsOf(entry).reference !== name);
      found = others.length < entries.length;
      return others;
    });
    return found;
  }

  /** Takes away all names of an image, which stays under its ID. */
  async strip(manifest: Digest): Promise<void> {
    await this.#layout.update((entries) => {
      const others = entries.filter((entry) => entry.digest !== manifest);
      const first = entries.find((entry) => entry.digest === manifest);
      return first === undefined ? others : [...others, withoutReference(first)];
    });
  }

  /** Takes away images with all their names, in one step. */
  async drop(manifests: readonly Digest[]): Promise<void> {
    await this.#layout.update((entries) => entries.filter((entry) => !manifests.includes(entry.digest)));
  }

  /** What other tools may have put into the layout besides images is left alone. */
  #entries(): Descriptor[] {
    return this.#layout.entries().filter((entry) => isManifestType(entry.mediaType));
  }

  #read(entries: readonly Descriptor[]): StoredImage {
    const [first] = entries;
    if (first === undefined) throw notFound('');
    return readImage(this.#blobs, first, entries);
  }

  #findById(entries: readonly Descriptor[], prefix: string): StoredImage[] {
    const matching = [...byManifest(entries).values()].filter(([first]) => {
      return first !== undefined && this.#idOf(first)?.startsWith(`sha256:${prefix}`) === true;
    });
    return matching.map((each) => this.#read(each));
  }

  /** A damaged image has no ID, and must not keep others from being found by theirs. */
  #idOf(entry: Descriptor): Digest | undefined {
    try {
      return readManifest(this.#blobs, entry).config.digest;
    } catch (error) {
      if (isRcxError(error)) return undefined;
      throw error;
    }
  }

  #unpackedSize(manifest: Descriptor): number {
    const { diffIds } = readImage(this.#blobs, manifest, [manifest]);
    return diffIds.reduce((sum, diffId) => sum + this.#layers.info(diffId).size, 0);
  }
}

/** Drops the name from whoever has it; an entry that loses it stays as an unnamed one unless its image has others. */
function untag(entries: readonly Descriptor[], name: string, successor: Digest): Descriptor[] {
  const holders = new Map([...byManifest(entries)].map(([digest, each]) => [digest, each.length]));
  return entries.flatMap((entry) => {
    const { reference } = factsOf(entry);
    if (reference === undefined) return entry.digest === successor ? [] : [entry];
    if (reference !== name) return [entry];
    return entry.digest === successor || (holders.get(entry.digest) ?? 0) > 1 ? [] : [withoutReference(entry)];
  });
}

function isNameOf(entry: Descriptor, name: string, manifest: Digest): boolean {
  return entry.digest === manifest && factsOf(entry).reference === name;
}

function byManifest(entries: readonly Descriptor[]): Map<Digest, Descriptor[]> {
  const groups = new Map<Digest, Descriptor[]>();
  for (const entry of entries) groups.set(entry.digest, [...(groups.get(entry.digest) ?? []), entry]);
  return groups;
}

function findByReference(entries: readonly Descriptor[], text: string): Descriptor | undefined {
  let reference: Reference;
  try {
    reference = parseReference(text);
  } catch {
    // 64 hex digits and prefixed IDs are no references; whether they are anything else is seen next.
    return undefined;
  }
  const name = canonicalReference(reference);
  const exact = entries.find((entry) => factsOf(entry).reference === name);
  if (exact !== undefined || reference.digest === undefined) return exact;
  return entries.find((entry) => isDigestOf(entry, reference));
}

/** `repository@digest`: the digest of the manifest, or of the index it was chosen from. */
function isDigestOf(entry: Descriptor, { registry, repository, digest }: Reference): boolean {
  const facts = factsOf(entry);
  if (facts.reference === undefined || (entry.digest !== digest && facts.sourceDigest !== digest)) return false;
  const named = parseReference(facts.reference);
  return named.registry === registry && named.repository === repository;
}

function notFound(text: string): RcxError {
  return new RcxError(`no such image: ${plain(text)}`, {
    code: 'ERR_RCX_IMAGE_NOT_FOUND',
    step: 'find image',
    path: plain(text),
    hint: 'list the images there are with: rcx images; get one with: rcx pull',
  });
}

function ambiguous(text: string, found: readonly StoredImage[]): RcxError {
  return new RcxError(`image ID prefix ${text} is ambiguous: ${found.length} images have it`, {
    code: 'ERR_RCX_IMAGE_AMBIGUOUS',
    step: 'find image',
    path: text,
    hint: 'give more digits of the ID.',
  });
}
