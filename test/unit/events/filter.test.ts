import { describe, expect, it } from 'vitest';
import type { RcxEvent } from '../../../ts/events/event.ts';
import { parseEventFilters } from '../../../ts/events/filter.ts';

const ID = 'abc'.padEnd(64, '0');

function event(changes: Partial<RcxEvent> = {}, attributes: Record<string, string> = {}): RcxEvent {
  const Attributes = { image: 'debian:12', name: 'web', tier: 'front', ...attributes };
  const base = { status: 'start', id: ID, from: 'debian:12', Type: 'container', Action: 'start' } as const;
  return { ...base, Actor: { ID, Attributes }, scope: 'local', time: 1, timeNano: 1e9, ...changes };
}

describe('parseEventFilters', () => {
  it.each([
    [[]],
    [['container=web']],
    [['container=abc']],
    [['container=db', 'container=web']],
    [['event=start']],
    [['type=container', 'event=start', 'container=web']],
    [['image=debian']],
    [['image=debian:12']],
    [['label=tier']],
    [['label=tier=front', 'label=name']],
    [['scope=local']],
  ])('%j lets it through', (filters) => {
    expect(parseEventFilters(filters)(event())).toBe(true);
  });

  it.each([
    [['container=we']],
    [['container=']],
    [['event=stop']],
    [['type=image']],
    [['type=container', 'event=stop']],
    [['image=debian:11']],
    [['label=tier=back']],
    [['label=tier', 'label=other']],
    [['label=constructor']],
  ])('%j keeps it back', (filters) => {
    expect(parseEventFilters(filters)(event())).toBe(false);
  });

  it('takes an action with or without its details', () => {
    const exec = event({ Action: 'exec_start: sh -c true' });
    expect(parseEventFilters(['event=exec_start'])(exec)).toBe(true);
    expect(parseEventFilters(['event=exec_start: sh -c true'])(exec)).toBe(true);
    expect(parseEventFilters(['event=exec'])(exec)).toBe(false);
  });

  it('takes images by ID and name', () => {
    const Actor = { ID: 'debian:12', Attributes: { name: 'debian' } };
    const pull = event({ Type: 'image', Action: 'pull', Actor });
    expect(parseEventFilters(['image=debian'])(pull)).toBe(true);
    expect(parseEventFilters(['image=debian:12'])(pull)).toBe(true);
    expect(parseEventFilters(['container=debian'])(pull)).toBe(false);
  });

  it.each([
    ['event', /bad format of filter/],
    ['colour=red', /there is no filter "colour"/],
    ['=x', /there is no filter/],
  ])('refuses %s', (text, message) => {
    expect(() => parseEventFilters([text])).toThrow(message);
  });
});
