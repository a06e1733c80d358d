import { formatPlatform, normalize } from '../../../oci/platform.ts';
import { quote } from '../../../oci/quote.ts';
import { canonicalReference, type Reference } from '../../../oci/reference.ts';
import type { Descriptor } from '../../../oci/types.ts';
import { invalidArchive } from '../errors.ts';
import { annotatedName } from './names.ts';

/** Entries of an index that are one image: the same one for several platforms, or just one. */
export interface Choice {
  name: Reference | undefined;
  entries: Descriptor[];
}

/** The annotations of entries that containerd and BuildKit add for what belongs to an image and is none. */
const COMPANIONS = ['io.containerd.manifest.subject', 'vnd.docker.reference.type'];

/** Whether an entry of the topmost index may be an image: signatures and attestations are not loaded. */
export function isImage({ artifactType, annotations = {} }: Descriptor): boolean {
  return artifactType === undefined && !COMPANIONS.some((key) => Object.hasOwn(annotations, key));
}

/**
 * The images of the topmost index. Entries of the same name, or without one, that are for different platforms are a choice, as
 * in an index of a registry.
 * @param by the document that has the entries
 * @throws ERR_RCX_ARCHIVE_INVALID for a name that means several images
 */
export function choicesOf(entries: readonly Descriptor[], by: string): Choice[] {
  const groups = new Map<string, Choice>();
  for (const entry of entries) {
    const name = annotatedName(entry, by);
    const key = name === undefined ? '' : canonicalReference(name);
    const group = groups.get(key) ?? { name, entries: [] };
    groups.set(key, group);
    if (!group.entries.some(({ digest }) => digest === entry.digest)) group.entries.push(entry);
  }
  return [...groups].flatMap(([key, { name, entries: found }]) => {
    if (found.length === 1 || areAlternatives(found)) return [{ name, entries: found }];
    if (name !== undefined) throw invalidArchive(`it gives the name ${quote(key)} to several images`, by);
    return found.map((entry) => ({ name, entries: [entry] }));
  });
}

function areAlternatives(entries: readonly Descriptor[]): boolean {
  const platforms = entries.map(({ platform }) => platform && formatPlatform(normalize(platform)));
  return !platforms.includes(undefined) && new Set(platforms).size === platforms.length;
}
