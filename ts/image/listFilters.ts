import { parseReference } from '../oci/reference.ts';
import type { StoredImage } from '../store/images.ts';
import { labelFilters, passesLabels } from '../system/filters/labels.ts';
import { named, parseFilters, parseTruth, single } from '../system/filters/parse.ts';
import { parseTime } from '../system/filters/time.ts';
import { type ImageSelection, referenceMatcher } from './list.ts';

const FILTERS = ['dangling', 'label', 'label!', 'before', 'since', 'reference', 'until'] as const;

/**
 * Reads `--filter`s of `docker images`. An image must pass all of them; of several references one is enough.
 * @param find the image of a name or ID, for `before` and `since`
 * @throws ERR_RCX_INVALID_OPTION, ERR_RCX_INVALID_REFERENCE, ERR_RCX_INVALID_PATTERN, and what `find` throws
 */
export function parseImageFilters(
  texts: readonly string[],
  find: (text: string) => StoredImage,
  now: number = Date.now(),
): ImageSelection {
  const filters = parseFilters(texts, FILTERS);
  const labels = labelFilters(filters);
  const [dangling, until] = [single(filters, 'dangling'), single(filters, 'until')];
  const times = (name: 'before' | 'since') => named(filters, name).map(({ value }) => timeOf(find(value)));
  const before = [...times('before'), ...(until === undefined ? [] : [parseTime(until, now)])];
  const since = times('since');
  const isDangling = dangling && parseTruth(dangling);
  const references = named(filters, 'reference').map(({ value }) => referenceMatcher(value));
  return {
    // A date that is missing or none is neither before nor after anything.
    image: (image) =>
      before.every((time) => timeOf(image) < time) &&
      since.every((time) => timeOf(image) > time) &&
      passesLabels(labels, image.config.config?.Labels) &&
      (isDangling === undefined || passesDangling(image, isDangling)),
    row: (row) => references.length === 0 || references.some((matches) => matches(row)),
  };
}

/** As with Docker, an image that was pulled by its digest is shown by both: it has no tag, and yet a name. */
function passesDangling({ references }: StoredImage, isDangling: boolean): boolean {
  if (!isDangling) return references.length > 0;
  return references.every((name) => parseReference(name).tag === undefined);
}

function timeOf({ config }: StoredImage): number {
  return Date.parse(config.created ?? '');
}
