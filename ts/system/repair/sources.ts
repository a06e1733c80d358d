import type { Engine } from '../../engine.ts';
import { isRcxError } from '../../errors.ts';
import { type Digest, hexOf } from '../../oci/digest.ts';
import { parseReference, type Reference } from '../../oci/reference.ts';
import type { Descriptor } from '../../oci/types.ts';
import { factsOf } from '../../store/storedImage.ts';

/** A repository that an image came from. */
export type Source = Pick<Reference, 'registry' | 'repository'>;

/**
 * Where the parts of an image may be had again, by digest: the repositories that its names were pulled from, and for one that
 * lost its name those that containers of it were made from.
 * @param entries all of the index
 * @param id of the image, if its manifest can be read
 */
export function sourcesOf(
  { containers }: Pick<Engine, 'containers'>,
  entries: readonly Descriptor[],
  manifest: Digest,
  id: Digest | undefined,
): Source[] {
  const facts = entries.filter(({ digest }) => digest === manifest).map(factsOf);
  const pulled = facts
    .filter(({ sourceDigest }) => sourceDigest !== undefined)
    .flatMap(({ reference }) => reference ?? []);
  // An image that was made here has a name without a source: its containers' name says nothing more.
  const isNameless = facts.every(({ reference }) => reference === undefined);
  const configs = isNameless && id !== undefined ? containers.configs() : [];
  const used = configs.flatMap(({ config }) => (config?.imageId === id ? (config?.image ?? []) : []));
  const names = used.filter((text) => id === undefined || !hexOf(id).startsWith(text));
  const found = new Map<string, Source>();
  for (const { registry, repository } of [...pulled, ...names].flatMap(parsed)) {
    found.set(`${registry}/${repository}`, { registry, repository });
  }
  return [...found.values()];
}

/** `sha256:…` is no name. */
function parsed(text: string): Reference[] {
  try {
    return [parseReference(text)];
  } catch (error) {
    if (isRcxError(error)) return [];
    throw error;
  }
}
