import { isRcxError } from '../../../errors.ts';
import { quote } from '../../../oci/quote.ts';
import { parseReference, type Reference } from '../../../oci/reference.ts';
import type { Descriptor } from '../../../oci/types.ts';
import { REFERENCE_NAME } from '../../../store/storedImage.ts';
import { invalidArchive } from '../errors.ts';

/** The whole name, where containerd, docker and BuildKit write it. */
export const CONTAINERD_NAME = 'io.containerd.image.name';

/**
 * A name that an archive gives to an image.
 * @param by the document that does
 * @throws ERR_RCX_ARCHIVE_INVALID
 */
export function nameOf(text: string, by: string): Reference {
  try {
    return parseReference(text);
  } catch (error) {
    if (!isRcxError(error, 'ERR_RCX_INVALID_REFERENCE')) throw error;
    throw invalidArchive(`it gives an image the name ${quote(text)}, which is none`, by);
  }
}

/**
 * The name in an index of an image layout. `org.opencontainers.image.ref.name` may be a tag alone (image-spec, annotations.md);
 * of which repository, nobody knows.
 * @returns undefined where there is none
 * @throws ERR_RCX_ARCHIVE_INVALID
 */
export function annotatedName({ annotations, digest }: Descriptor, by: string): Reference | undefined {
  const whole = annotations?.[CONTAINERD_NAME] ?? '';
  const text = whole === '' ? (annotations?.[REFERENCE_NAME] ?? '') : whole;
  if (whole === '' && !/[/:@]/.test(text)) return undefined;
  const name = nameOf(text, by);
  if (name.digest === undefined || name.digest === digest) return name;
  throw invalidArchive(`it gives the name ${quote(text)} to ${digest}`, by);
}
