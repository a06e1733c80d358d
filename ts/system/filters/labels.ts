import { type Filter, named } from './parse.ts';

/** Which labels something must have, and which it must not. */
export interface LabelFilters {
  /** `name` or `name=value`; all of them must be there. */
  labels: string[];
  /** What has all of these is left out. */
  withoutLabels: string[];
}

/** Those of `label=…` and `label!=…`. */
export function labelFilters(filters: readonly Filter[]): LabelFilters {
  const values = (name: string) => named(filters, name).map(({ value }) => value);
  return { labels: values('label'), withoutLabels: values('label!') };
}

/** Whether labels are those that are asked for. */
export function passesLabels(
  { labels: wanted, withoutLabels }: LabelFilters,
  labels: Record<string, string> = {},
): boolean {
  if (!hasAll(labels, wanted)) return false;
  return withoutLabels.length === 0 || !hasAll(labels, withoutLabels);
}

function hasAll(labels: Record<string, string>, wanted: readonly string[]): boolean {
  return wanted.every((text) => {
    const at = text.indexOf('=');
    const name = at < 0 ? text : text.slice(0, at);
    return Object.hasOwn(labels, name) && (at < 0 || labels[name] === text.slice(at + 1));
  });
}
