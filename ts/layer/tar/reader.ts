import { invalidLayer } from '../errors.ts';
import { applySparse, type Extensions, makeEntry, type TarEntry } from './entry.ts';
import { BLOCK, isZeroBlock, readHeader, type TarHeader } from './header.ts';
import { readPax } from './pax.ts';
import { addSparseBlock, checkMap, readLeadingMap, type SparseMap } from './sparse.ts';

/** What a {@link TarReader} calls, in the archive's order. */
export interface TarHandler {
  /**
   * An entry begins.
   * @param content its whole content if that has arrived already: then neither `data` nor `end` follow
   */
  entry(entry: TarEntry, content: Buffer | undefined): void;
  /** A part of the content as stored; a view of the chunk that was pushed, not a copy. */
  data(chunk: Buffer): void;
  /** The content is complete. */
  end(): void;
}

/** Longest PAX header or GNU long name: Go's limit, so what other tools read is read here. */
const MAX_META = 1024 * 1024;

const NOTHING: Extensions = { pax: [], longName: undefined, longLinkName: undefined };

type State =
  | { at: 'header' }
  /** Collecting the body of a PAX header or GNU long name. */
  | { at: 'meta'; type: string; left: number; parts: Buffer[] }
  | { at: 'sparse-blocks'; entry: TarEntry; map: SparseMap }
  | { at: 'sparse-map'; entry: TarEntry; map: SparseMap; head: Buffer; left: number }
  | { at: 'content'; left: number; padding: number }
  | { at: 'skip'; left: number }
  | { at: 'end' };

/**
 * Reads an archive that is pushed in pieces, synchronously and without copying content. It exists because the names in
 * archives are bytes, which `tar`'s own parser decodes as UTF-8, and because it drops extended attributes and sparse maps.
 */
export class TarReader {
  readonly #handler: TarHandler;
  #state: State = { at: 'header' };
  #extensions: Extensions = NOTHING;
  /** The start of a block whose rest is in the next chunk. */
  #partial: Buffer | undefined;
  #zeroBlocks = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  /** @throws ERR_RCX_LAYER_INVALID, and whatever the handler throws */
  push(chunk: Buffer): void {
    let input = chunk;
    if (this.#partial !== undefined) {
      const missing = BLOCK - this.#partial.length;
      const block = Buffer.concat([this.#partial, input.subarray(0, missing)]);
      if (block.length < BLOCK) {
        this.#partial = block;
        return;
      }
      this.#partial = undefined;
      this.#consume(block);
      input = input.subarray(missing);
    }
    const taken = this.#consume(input);
    if (taken < input.length) this.#partial = Buffer.from(input.subarray(taken));
  }

  /**
   * The archive has ended. Like every other reader this accepts one without the two zero blocks at its end.
   * @throws ERR_RCX_LAYER_INVALID if it ends inside an entry
   */
  finish(): void {
    const whole = this.#state.at === 'end' || (this.#state.at === 'header' && this.#extensions === NOTHING);
    if (!whole || this.#partial !== undefined) throw invalidLayer('the archive is truncated');
  }

  /** Takes whole steps off `input`; what is left is less than a block. */
  #consume(input: Buffer): number {
    let at = 0;
    while (at < input.length && this.#state.at !== 'end') {
      const taken = this.#step(input, at);
      if (taken === 0) return at;
      at += taken;
    }
    return input.length;
  }

  #step(input: Buffer, at: number): number {
    const state = this.#state;
    const available = input.length - at;
    switch (state.at) {
      case 'header':
        return available < BLOCK ? 0 : this.#header(input, at);
      case 'meta':
        return this.#meta(state, input, at);
      case 'sparse-blocks':
        return available < BLOCK ? 0 : this.#sparseBlock(state, input, at);
      case 'sparse-map':
        return this.#sparseMap(state, input, at);
      case 'content':
        return this.#content(state, input, at);
      case 'skip':
        return this.#skip(state, available);
      default:
        return available;
    }
  }

  #header(input: Buffer, at: number): number {
    if (isZeroBlock(input, at)) {
      this.#zeroBlocks++;
      if (this.#zeroBlocks === 2) this.#state = { at: 'end' };
      return BLOCK;
    }
    if (this.#zeroBlocks > 0) throw invalidLayer('the archive is damaged: it goes on after an end mark');
    const header = readHeader(input, at);
    if ('xgLK'.includes(header.type)) {
      if (header.size < 0 || header.size > MAX_META) throw invalidLayer('an extended header is too long', header.name);
      this.#state = { at: 'meta', type: header.type, left: header.size, parts: [] };
      if (header.size === 0) this.#endMeta(header.type, Buffer.alloc(0));
      return BLOCK;
    }
    return BLOCK + this.#begin(header, input, at);
  }

  /** Starts an entry; returns how much of its content it took along. */
  #begin(header: TarHeader, input: Buffer, at: number): number {
    const { pax } = this.#extensions;
    const entry = makeEntry(header, this.#extensions);
    applySparse(entry, header, input, at, pax);
    this.#extensions = NOTHING;
    const map = entry.sparse;
    if (map?.pending === 'gnu-blocks') {
      this.#state = { at: 'sparse-blocks', entry, map };
      return 0;
    }
    if (map?.pending === 'pax-1.0') {
      this.#state = { at: 'sparse-map', entry, map, head: Buffer.alloc(0), left: entry.stored };
      return 0;
    }
    if (map !== undefined) checkMap(entry, map, entry.stored);
    return this.#open(entry, entry.stored, input, at + BLOCK);
  }

  /** Announces an entry whose content starts at `at` in `input`. */
  #open(entry: TarEntry, stored: number, input: Buffer, at: number): number {
    const padding = paddingOf(stored);
    if (entry.sparse === undefined && at + stored + padding <= input.length) {
      this.#state = { at: 'header' };
      this.#handler.entry(entry, input.subarray(at, at + stored));
      return stored + padding;
    }
    this.#state = { at: 'content', left: stored, padding };
    this.#handler.entry(entry, undefined);
    if (stored === 0) this.#endContent(padding);
    return 0;
  }

  #content(state: State & { at: 'content' }, input: Buffer, at: number): number {
    const taken = Math.min(state.left, input.length - at);
    state.left -= taken;
    this.#handler.data(input.subarray(at, at + taken));
    if (state.left === 0) this.#endContent(state.padding);
    return taken;
  }

  #endContent(padding: number): void {
    this.#skipNext(padding);
    this.#handler.end();
  }

  #skipNext(padding: number): void {
    this.#state = padding === 0 ? { at: 'header' } : { at: 'skip', left: padding };
  }

  #skip(state: State & { at: 'skip' }, available: number): number {
    const taken = Math.min(state.left, available);
    state.left -= taken;
    if (state.left === 0) this.#state = { at: 'header' };
    return taken;
  }

  #meta(state: State & { at: 'meta' }, input: Buffer, at: number): number {
    const taken = Math.min(state.left, input.length - at);
    state.parts.push(Buffer.from(input.subarray(at, at + taken)));
    state.left -= taken;
    if (state.left === 0) this.#endMeta(state.type, Buffer.concat(state.parts));
    return taken;
  }

  #endMeta(type: string, body: Buffer): void {
    this.#skipNext(paddingOf(body.length));
    const extensions = this.#extensions;
    if (type === 'x') this.#extensions = { ...extensions, pax: readPax(body) };
    else if (type === 'L') this.#extensions = { ...extensions, longName: untilNul(body) };
    else if (type === 'K') this.#extensions = { ...extensions, longLinkName: untilNul(body) };
    else this.#globalHeader(body);
  }

  /** A global header, as `git archive` writes: Go checks it, applies it to nothing, and forgets what went before. */
  #globalHeader(body: Buffer): void {
    readPax(body);
    this.#extensions = NOTHING;
  }

  #sparseBlock(state: State & { at: 'sparse-blocks' }, input: Buffer, at: number): number {
    if (addSparseBlock(state.entry, state.map, input, at)) return BLOCK;
    state.map.pending = 'none';
    checkMap(state.entry, state.map, state.entry.stored);
    return BLOCK + this.#open(state.entry, state.entry.stored, input, at + BLOCK);
  }

  #sparseMap(state: State & { at: 'sparse-map' }, input: Buffer, at: number): number {
    const offered = input.subarray(at, at + state.left);
    const head = Buffer.concat([state.head, offered]);
    const taken = readLeadingMap(state.entry, state.map, head);
    if (taken === undefined) {
      state.head = head;
      state.left -= offered.length;
      if (state.left === 0) throw invalidLayer('the map of a sparse file is malformed', state.entry.name);
      return offered.length;
    }
    const before = state.head.length;
    const stored = state.entry.stored - taken;
    state.map.pending = 'none';
    checkMap(state.entry, state.map, stored);
    return taken - before + this.#open(state.entry, stored, input, at + taken - before);
  }
}

function paddingOf(length: number): number {
  return (BLOCK - (length % BLOCK)) % BLOCK;
}

function untilNul(body: Buffer): string {
  const nul = body.indexOf(0);
  return body.toString('latin1', 0, nul === -1 ? body.length : nul);
}
