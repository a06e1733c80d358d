import { type LabelFilters, labelFilters, passesLabels } from './filters/labels.ts';
import { parseFilters, single } from './filters/parse.ts';
import { parseTime } from './filters/time.ts';

/** What is to be removed only, of all that could be. */
export interface PruneFilters extends LabelFilters {
  /** Milliseconds since 1970: only what was made before. */
  until?: number;
}

/** Something that can be removed. */
interface Candidate {
  /** RFC 3339; what does not say is kept where `until` is asked for. */
  created: string | undefined;
  labels: Record<string, string> | undefined;
}

/**
 * Reads `--filter`s of Docker's `prune` commands: `until=…`, `label=…`, `label!=…`.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function parsePruneFilters(texts: readonly string[], now: number = Date.now()): PruneFilters {
  const filters = parseFilters(texts, ['until', 'label', 'label!']);
  const until = single(filters, 'until');
  return { ...labelFilters(filters), ...(until !== undefined && { until: parseTime(until, now) }) };
}

/** Whether there is none. */
export function isUnfiltered({ until, labels, withoutLabels }: PruneFilters): boolean {
  return until === undefined && labels.length === 0 && withoutLabels.length === 0;
}

/** Whether something passes all filters. */
export function passes(filters: PruneFilters, { created, labels }: Candidate): boolean {
  // A date that is missing or none is not before anything.
  if (filters.until !== undefined && !(Date.parse(created ?? '') <= filters.until)) return false;
  return passesLabels(filters, labels);
}
