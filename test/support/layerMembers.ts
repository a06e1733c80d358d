import * as fc from 'fast-check';

/** One member of a layer, without the parents that an archive has before it. */
export type Member =
  | { kind: 'directory'; path: string; meta: Meta }
  | { kind: 'fifo'; path: string; meta: Meta }
  | { kind: 'file'; path: string; content: string; meta: Meta }
  | { kind: 'symlink'; path: string; target: string; meta: Meta }
  | { kind: 'hardlink'; path: string; target: number }
  | { kind: 'whiteout'; path: string }
  | { kind: 'opaque'; path: string };

export interface Meta {
  mode: number;
  uid: number;
  mtime: number;
}

const meta = fc.record({
  mode: fc.constantFrom(0o600, 0o644, 0o755, 0o1777, 0o4711),
  uid: fc.nat(3),
  mtime: fc.nat(1000),
});
const name = fc.constantFrom('a', 'b', 'c');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));

const member: fc.Arbitrary<Member> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('directory' as const), path, meta }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('file' as const), path, content: fc.string({ maxLength: 5 }), meta }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('symlink' as const), path, target: path, meta }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fifo' as const), path, meta }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('hardlink' as const), path, target: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('whiteout' as const), path }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('opaque' as const), path }) },
);

/** Images of up to four layers over so few names that members meet often. */
export const anyLayers: fc.Arbitrary<Member[][]> = fc.array(fc.array(member, { maxLength: 12 }), {
  minLength: 1,
  maxLength: 4,
});
