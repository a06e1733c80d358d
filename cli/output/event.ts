import type { RcxEvent } from '../../ts/events/event.ts';
import { printable } from './errors.ts';
import { formatTimestamp } from './format.ts';

/** An event as Docker prints it: `2026-01-31T12:00:00.123456789+01:00 container start ID (image=ubuntu, name=web)`. */
export function formatEvent({ Type, Action, Actor, time, timeNano }: RcxEvent): string {
  const [, date = '', zone = ''] = /^(.*:\d\d)(\D.*)$/.exec(formatTimestamp(new Date(time * 1000).toISOString())) ?? [];
  const fraction = String(Math.max(0, timeNano - time * 1e9)).padStart(9, '0');
  const attributes = Object.entries(Actor.Attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return printable(`${date}.${fraction}${zone} ${Type} ${Action} ${Actor.ID} (${attributes.join(', ')})`);
}
