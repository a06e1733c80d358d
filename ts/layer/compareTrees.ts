import { native, type TreeEntry } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { type ByteString, readable } from './errors.ts';

/** Two trees that should be the same. */
export interface CompareRequest {
  /** The one that is judged. */
  directory: string;
  /** What it should be. */
  expected: string;
}

/** How a tree differs from what it should be. */
export interface CompareResult {
  /** Names that differ, are missing, or are too many. */
  count: number;
  /** The first of them, each with what is wrong: `/etc/passwd has other content`. */
  differences: string[];
}

/** More are counted, and not told. */
const TOLD = 5;
/** Content is compared in pieces of this size. */
const PIECE = 256 * 1024;

type Reader = ReturnType<typeof openTree>;

/**
 * Compares two layers' trees name by name: kind, owner, mode, time, attributes, links and content.
 * @throws ERR_RCX_LAYER_READ
 */
export function compareTrees({ directory, expected }: CompareRequest): CompareResult {
  const comparison = new Comparison(openTree(directory), openTree(expected));
  try {
    return comparison.run();
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_LAYER_READ');
  } finally {
    comparison.close();
  }
}

function openTree(directory: string) {
  return native().TreeReader.open([directory], false);
}

class Comparison {
  readonly #actual: Reader;
  readonly #expected: Reader;
  readonly #names = [new Map<string, ByteString>(), new Map<string, ByteString>()] as const;
  readonly #buffers = [Buffer.allocUnsafe(PIECE), Buffer.allocUnsafe(PIECE)] as const;
  readonly #result: CompareResult = { count: 0, differences: [] };

  constructor(actual: Reader, expected: Reader) {
    this.#actual = actual;
    this.#expected = expected;
  }

  run(): CompareResult {
    let [actual, expected] = [this.#actual.next(), this.#expected.next()];
    // Both are walked in the same order: the one whose name comes first has something that the other has not.
    while (actual !== null || expected !== null) {
      const order = orderOf(actual, expected);
      if (order === 0 && actual !== null && expected !== null) this.#compare(actual, expected);
      else this.#tell(order < 0 ? actual : expected, order < 0 ? 'is not of the layer' : 'is missing');
      if (order <= 0) actual = this.#actual.next();
      if (order >= 0) expected = this.#expected.next();
    }
    return this.#result;
  }

  close(): void {
    this.#actual.close();
    this.#expected.close();
  }

  #compare(actual: TreeEntry, expected: TreeEntry): void {
    const [names, expectedNames] = this.#names;
    const [first, expectedFirst] = [firstName(names, actual), firstName(expectedNames, expected)];
    const what = differenceOf(actual, expected) ?? (first === expectedFirst ? undefined : 'has other hard links');
    const isFirst = expected.kind === 'file' && first === expected.path;
    if (what !== undefined) this.#tell(expected, what);
    else if (isFirst && !this.#sameContent()) this.#tell(expected, 'has other content');
  }

  #sameContent(): boolean {
    const [one, other] = this.#buffers;
    for (;;) {
      const [length, otherLength] = [this.#actual.read(one), this.#expected.read(other)];
      if (length !== otherLength || !one.subarray(0, length).equals(other.subarray(0, length))) return false;
      if (length === 0) return true;
    }
  }

  #tell(entry: TreeEntry | null, what: string): void {
    this.#result.count++;
    if (this.#result.differences.length < TOLD) {
      this.#result.differences.push(`/${readable(entry?.path ?? '')} ${what}`);
    }
  }
}

/** The first name of an object, this one for most. */
function firstName(names: Map<string, ByteString>, { inode, kind, path }: TreeEntry): ByteString {
  if (inode === undefined || kind === 'directory' || kind === 'whiteout') return path;
  const first = names.get(inode);
  if (first === undefined) names.set(inode, path);
  return first ?? path;
}

function differenceOf(actual: TreeEntry, expected: TreeEntry): string | undefined {
  if (actual.kind !== expected.kind) return `is a ${actual.kind}, not a ${expected.kind}`;
  // Overlayfs links all whiteouts of a layer, and looks at nothing else of them.
  if (expected.kind === 'whiteout') return undefined;
  if (actual.mode !== expected.mode) return 'has another mode';
  if (actual.uid !== expected.uid || actual.gid !== expected.gid) return 'has another owner';
  if (expected.kind === 'file' && actual.size !== expected.size) return 'has another size';
  if (actual.target !== expected.target) return 'leads elsewhere';
  if (actual.major !== expected.major || actual.minor !== expected.minor) return 'is another device';
  if (actual.opaque !== expected.opaque) return 'hides other things';
  if (actual.mtime !== expected.mtime || actual.mtimeNsec !== expected.mtimeNsec) return 'has another time';
  return sameXattrs(actual, expected) ? undefined : 'has other attributes';
}

function sameXattrs({ xattrs: actual = [] }: TreeEntry, { xattrs: expected = [] }: TreeEntry): boolean {
  if (actual.length !== expected.length) return false;
  return expected.every(({ name, value }, at) => {
    const found = actual[at];
    return found?.name === name && value.equals(found.value);
  });
}

/** Which of two entries a walk comes to first: component by component, in the order of bytes; the end comes last. */
function orderOf(one: TreeEntry | null, other: TreeEntry | null): number {
  if (one === null || other === null) return one === null ? 1 : -1;
  if (one.path === other.path) return 0;
  const [parts, otherParts] = [one.path.split('/'), other.path.split('/')];
  for (const [at, part] of parts.entries()) {
    const otherPart = otherParts[at];
    if (otherPart === undefined) return 1;
    if (part !== otherPart) return part < otherPart ? -1 : 1;
  }
  return -1;
}
