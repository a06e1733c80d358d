import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerConfig } from '../container/record.ts';
import { isRcxError } from '../errors.ts';
import { familiarName, familiarReference, type Reference } from '../oci/reference.ts';
import { tryLock } from '../store/lock.ts';
import type { StorePaths } from '../store/paths.ts';
import { EVENTS_FILE, OLD_EVENTS_FILE, type RcxEvent } from './event.ts';

/** Bytes, about 10 000 events: the runtime directory is memory. */
const LONGEST = 4 << 20;

type Named = Pick<ContainerConfig, 'id' | 'name' | 'image' | 'labels'>;

/** Tells that something happened to a container. Best effort: it must not fail because nobody could write it down. */
export function containerEvent(
  { run }: Pick<StorePaths, 'run'>,
  { id, name, image = '', labels = {} }: Named,
  action: string,
  more: Record<string, string> = {},
): void {
  const event = { status: action, id, from: image, Type: 'container' as const, Action: action };
  append(run, { ...event, Actor: { ID: id, Attributes: { ...labels, image, name, ...more } }, ...now() });
}

/**
 * Tells that something happened to an image.
 * @param id a digest, or what else identifies it
 */
export function imageEvent({ run }: Pick<StorePaths, 'run'>, id: string, action: string, name = id): void {
  const event = { status: action, id, Type: 'image' as const, Action: action };
  append(run, { ...event, Actor: { ID: id, Attributes: { name } }, ...now() });
}

/** The same for one that is meant by its name: what it is pulled or pushed as. */
export function namedImageEvent(paths: Pick<StorePaths, 'run'>, reference: Reference, action: string): void {
  imageEvent(paths, familiarReference(reference), action, familiarName(reference));
}

/** Tells that something happened to a volume, or, without a name, to volumes. */
export function volumeEvent(
  { run }: Pick<StorePaths, 'run'>,
  name: string,
  action: string,
  attributes: Record<string, string>,
): void {
  append(run, { Type: 'volume', Action: action, Actor: { ID: name, Attributes: attributes }, ...now() });
}

/** Tells that something happened to a network, or that a container has joined or left it. */
export function networkEvent(
  { run }: Pick<StorePaths, 'run'>,
  { id, name }: { id: string; name: string },
  action: string,
  container?: string,
): void {
  const attributes = { ...(container !== undefined && { container }), name, type: 'bridge' };
  append(run, { Type: 'network', Action: action, Actor: { ID: id, Attributes: attributes }, ...now() });
}

/** The clock's milliseconds, and from then on the finer clock: Node's `performance` takes more than a millisecond to load. */
const begin = { clock: BigInt(Date.now()) * 1_000_000n, fine: process.hrtime.bigint() };

function now(): Pick<RcxEvent, 'scope' | 'time' | 'timeNano'> {
  const nanoseconds = begin.clock + process.hrtime.bigint() - begin.fine;
  return { scope: 'local', time: Number(nanoseconds / 1_000_000_000n), timeNano: Number(nanoseconds) };
}

function append(run: string, event: RcxEvent): void {
  const path = join(run, EVENTS_FILE);
  // One write: lines of several writers do not mix (O_APPEND, open(2)).
  const line = `${JSON.stringify(event)}\n`;
  try {
    try {
      appendFileSync(path, line, { mode: 0o600 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return;
      mkdirSync(run, { recursive: true, mode: 0o700 });
      appendFileSync(path, line, { mode: 0o600 });
    }
    if (statSync(path).size > LONGEST) rotate(run);
  } catch (error) {
    if (!isRcxError(error) && (error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

function rotate(run: string): void {
  const path = join(run, EVENTS_FILE);
  const lock = tryLock(path);
  if (lock === undefined) return;
  try {
    if (statSync(path).size > LONGEST) renameSync(path, join(run, OLD_EVENTS_FILE));
  } finally {
    lock.release();
  }
}
