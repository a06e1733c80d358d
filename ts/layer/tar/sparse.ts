import { invalidLayer } from '../errors.ts';
import type { TarEntry } from './entry.ts';
import { BLOCK, readNumber } from './header.ts';
import { type PaxRecord, readPaxInteger } from './pax.ts';

/** A piece of a sparse file that has content; what lies between pieces reads as zeros. */
export interface SparsePiece {
  offset: number;
  length: number;
}

/** Where the pieces of a sparse file are; `pending` says that the rest of the map is in the blocks that follow. */
export interface SparseMap {
  pieces: SparsePiece[];
  pending: 'none' | 'gnu-blocks' | 'pax-1.0';
}

/** Pieces of one file: more than any archiver writes, far fewer than would fill the memory. */
const MAX_PIECES = 100_000;

const [MAP, EXTENDED, REAL_SIZE] = [386, 482, 483];

/** Old GNU format, type `S`: four pieces in the header, further ones in blocks after it. */
export function sparseFromHeader(entry: TarEntry, block: Buffer, at: number): void {
  const pieces = readPieces(entry, block, at + MAP, 4);
  entry.size = readNumber(block, at + REAL_SIZE, 12, entry.name);
  entry.sparse = { pieces, pending: block[at + EXTENDED] === 0 ? 'none' : 'gnu-blocks' };
}

/** One further block of the old GNU format: 21 pieces; returns whether yet another follows. */
export function addSparseBlock(entry: TarEntry, map: SparseMap, block: Buffer, at: number): boolean {
  map.pieces.push(...readPieces(entry, block, at, 21));
  if (map.pieces.length > MAX_PIECES) throw tooMany(entry);
  return block[at + 504] !== 0;
}

function readPieces(entry: TarEntry, block: Buffer, at: number, count: number): SparsePiece[] {
  const pieces: SparsePiece[] = [];
  for (let i = 0; i < count; i++) {
    const field = at + i * 24;
    // Unused ones are empty.
    if (block[field] === 0) break;
    const offset = readNumber(block, field, 12, entry.name);
    pieces.push({ offset, length: readNumber(block, field + 12, 12, entry.name) });
  }
  return pieces;
}

/** PAX formats 0.0 (a record a number), 0.1 (one record) and 1.0 (in front of the content), as GNU tar writes them. */
export function sparseFromPax(entry: TarEntry, records: readonly PaxRecord[]): void {
  const last = new Map(records);
  const version = `${last.get('GNU.sparse.major') ?? ''}.${last.get('GNU.sparse.minor') ?? ''}`;
  const known = version === '1.0' || version === '0.0' || version === '0.1';
  if (version !== '.' && !known) throw invalidLayer(`sparse format ${version} is unknown`, entry.name);
  const numbers = version === '1.0' ? [] : numbersOfVersion0(last, records);
  if (version !== '1.0' && numbers === undefined) return;
  entry.name = last.get('GNU.sparse.name') ?? entry.name;
  const size = last.get('GNU.sparse.realsize') ?? last.get('GNU.sparse.size');
  if (size === undefined) throw invalidLayer('a sparse file has no size', entry.name);
  entry.size = readPaxInteger(size, entry.name);
  const values = (numbers ?? []).map((text) => readPaxInteger(text, entry.name));
  entry.sparse = { pieces: toPieces(entry, values), pending: version === '1.0' ? 'pax-1.0' : 'none' };
}

function numbersOfVersion0(last: ReadonlyMap<string, string>, records: readonly PaxRecord[]): string[] | undefined {
  const map = last.get('GNU.sparse.map');
  if (map !== undefined) return map === '' ? [] : map.split(',');
  const pairs = records.filter(([key]) => key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes');
  if (pairs.length === 0 && !last.has('GNU.sparse.numblocks')) return undefined;
  return pairs.map(([, value]) => value);
}

/**
 * Reads the map of format 1.0 off the start of the content: decimal lines, a count first, padded to whole blocks.
 * @returns the bytes it took, or `undefined` if more of the content is needed
 */
export function readLeadingMap(entry: TarEntry, map: SparseMap, content: Buffer): number | undefined {
  const numbers: number[] = [];
  let at = 0;
  for (;;) {
    const newline = content.indexOf(0x0a, at);
    if (newline === -1) {
      if (content.length - at > 20) throw invalidLayer('the map of a sparse file is malformed', entry.name);
      return undefined;
    }
    numbers.push(readPaxInteger(content.toString('latin1', at, newline), entry.name));
    at = newline + 1;
    const count = numbers[0] ?? 0;
    if (count < 0 || count > MAX_PIECES) throw tooMany(entry);
    if (numbers.length === 1 + 2 * count) break;
  }
  const taken = Math.ceil(at / BLOCK) * BLOCK;
  if (taken > content.length) return undefined;
  map.pieces = toPieces(entry, numbers.slice(1));
  return taken;
}

function toPieces(entry: TarEntry, numbers: readonly number[]): SparsePiece[] {
  if (numbers.length % 2 !== 0) throw invalidLayer('the map of a sparse file is malformed', entry.name);
  const pieces: SparsePiece[] = [];
  for (let i = 0; i < numbers.length; i += 2) pieces.push({ offset: numbers[i] ?? 0, length: numbers[i + 1] ?? 0 });
  return pieces;
}

/** Pieces must be in order, apart, within the file, and exactly as long as the content in the archive. */
export function checkMap(entry: TarEntry, map: SparseMap, stored: number): void {
  let end = 0;
  let total = 0;
  for (const { offset, length } of map.pieces) {
    if (offset < end || length < 0) throw invalidLayer('the pieces of a sparse file overlap', entry.name);
    end = offset + length;
    total += length;
  }
  if (end > entry.size || !Number.isSafeInteger(end)) {
    throw invalidLayer('a piece of a sparse file lies beyond its end', entry.name);
  }
  if (total !== stored) throw invalidLayer('the content of a sparse file has the wrong length', entry.name);
}

function tooMany(entry: TarEntry) {
  return invalidLayer(`a sparse file has more than ${MAX_PIECES} pieces`, entry.name);
}
