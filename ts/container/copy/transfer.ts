import { setImmediate as breathe } from 'node:timers/promises';
import type { ByteString } from '../../layer/errors.ts';
import type { CopyReader, CopyWriter, TreeEntry } from '../../native/index.ts';
import { ChangedFiles, refusedCopy } from './errors.ts';
import { type MetadataRules, metadataFor } from './metadata.ts';

/** Hears how much was copied, counted as an archive of it would be long, as docker does. */
export type OnProgress = (bytes: number) => void;

export interface TransferOptions {
  rules: MetadataRules;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
}

/** So much is moved before others get their turn: some milliseconds' worth. */
const SLICE = 1024 * 1024;
/** Making a file costs as much as so many bytes. */
const ENTRY_COST = 16 * 1024;
const BLOCK = 512;
/** What ends an archive. */
const TRAILER = 2 * BLOCK;

/** Counts, and lets others have their turn. */
export class Pace {
  #done = 0;
  #total = TRAILER;
  readonly #onProgress: OnProgress | undefined;
  readonly #signal: AbortSignal | undefined;

  constructor({ onProgress, signal }: Pick<TransferOptions, 'onProgress' | 'signal'>) {
    this.#onProgress = onProgress;
    this.#signal = signal;
  }

  /** @throws the signal's reason */
  async entry(): Promise<void> {
    this.#total += BLOCK;
    await this.#spend(ENTRY_COST);
  }

  /** @throws the signal's reason */
  async content(length: number): Promise<void> {
    this.#total += Math.ceil(length / BLOCK) * BLOCK;
    await this.#spend(length);
  }

  async #spend(cost: number): Promise<void> {
    this.#onProgress?.(this.#total);
    this.#done += cost;
    if (this.#done < SLICE) return;
    this.#done = 0;
    await breathe();
    this.#signal?.throwIfAborted();
  }
}

/**
 * Copies what a reader reads: `top`, its first entry, which was read already, and all below.
 * @param name what the top is called; `undefined` for its content alone
 * @throws the addon's errors, ERR_RCX_COPY_CHANGED at the end, and the signal's reason
 */
export async function transfer(
  [reader, top]: readonly [CopyReader, TreeEntry],
  writer: CopyWriter,
  name: ByteString | undefined,
  options: TransferOptions,
): Promise<void> {
  const pace = new Pace(options);
  const changed = new ChangedFiles();
  const names = new Map<string, ByteString>();
  for (let entry: TreeEntry | null = top; entry !== null; entry = reader.next()) {
    const path = under(name, entry.path);
    await pace.entry();
    // The directory that all goes into is what it is.
    if (path === '') continue;
    const first = firstName(names, entry, path);
    if (first !== undefined) writer.hardlink(path, first);
    else if (entry.kind === 'file') await copyFile([reader, entry], writer, path, { options, pace, changed });
    else make(entry, writer, path, options.rules);
  }
  writer.finish();
  changed.check();
}

/** Where an entry of a tree goes whose top has another name. */
export function under(name: ByteString | undefined, path: ByteString): ByteString {
  if (name === undefined) return path;
  return path === '' ? name : `${name}/${path}`;
}

/** The first name of an object that has several, if this is another one. */
export function firstName(
  names: Map<string, ByteString>,
  { inode, kind }: TreeEntry,
  path: ByteString,
): ByteString | undefined {
  if (inode === undefined || kind === 'directory' || kind === 'socket') return undefined;
  const first = names.get(inode);
  if (first === undefined) names.set(inode, path);
  return first;
}

async function copyFile(
  [reader, entry]: readonly [CopyReader, TreeEntry],
  writer: CopyWriter,
  path: ByteString,
  { options, pace, changed }: { options: TransferOptions; pace: Pace; changed: ChangedFiles },
): Promise<void> {
  writer.file(path, metadataFor(entry, options.rules));
  for (let length = writer.fill(reader, SLICE); length > 0; length = writer.fill(reader, SLICE)) {
    await pace.content(length);
  }
  const change = reader.change();
  if (change !== null) changed.add(path, change);
  writer.endFile();
}

function make(entry: TreeEntry, writer: CopyWriter, path: ByteString, rules: MetadataRules): void {
  const metadata = metadataFor(entry, rules);
  const { kind, target = '', major = 0, minor = 0 } = entry;
  if (kind === 'directory') writer.directory(path, metadata);
  else if (kind === 'symlink') writer.symlink(path, target, metadata);
  else if (kind === 'fifo') writer.fifo(path, metadata);
  else if (kind === 'character') writer.characterDevice(path, major, minor, metadata);
  else if (kind === 'block') writer.blockDevice(path, major, minor, metadata);
  // No archive holds one, so docker leaves them out; alone it is all there was to copy.
  else if (entry.path === '') throw refusedCopy('a socket cannot be copied', path);
}
