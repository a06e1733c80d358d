import {
  chmodSync,
  cpSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';

/** Something that a program does to its files. */
export type FileChange =
  | { kind: 'write'; path: string; text: string }
  | { kind: 'symlink'; path: string; text: string }
  | { kind: 'mkdir'; path: string }
  | { kind: 'remove'; path: string }
  | { kind: 'replace'; path: string }
  | { kind: 'move'; path: string; to: string }
  | { kind: 'link'; path: string; to: string }
  | { kind: 'chmod'; path: string; mode: number }
  | { kind: 'touch'; path: string; mtime: number };

const name = fc.constantFrom('a', 'b', 'c');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const text = fc.string({ maxLength: 3 });

/** Over so few names that changes meet often. */
export const anyChanges: fc.Arbitrary<FileChange[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), path, text }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('symlink' as const), path, text: name }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('mkdir' as const), path }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), path }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('replace' as const), path }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('move' as const), path, to: path }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('link' as const), path, to: path }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('chmod' as const), path, mode: fc.constantFrom(0o700, 0o755) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('touch' as const), path, mtime: fc.nat(3) }) },
  ),
  { maxLength: 15 },
);

/** Does what can be done of the changes below a directory; what cannot fails as it would for a program. */
export function applyFileChanges(root: string, changes: readonly FileChange[]): void {
  for (const change of changes) {
    try {
      apply(root, change);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }
}

function apply(root: string, change: FileChange): void {
  const target = join(root, change.path);
  switch (change.kind) {
    case 'write':
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, change.text);
      break;
    case 'symlink':
      symlinkSync(change.text, target);
      break;
    case 'mkdir':
      mkdirSync(target, { recursive: true });
      break;
    case 'remove':
      rmSync(target, { recursive: true });
      break;
    case 'replace':
      rmSync(target, { recursive: true });
      mkdirSync(target);
      break;
    case 'move':
      move(target, join(root, change.to));
      break;
    case 'link':
      linkSync(target, join(root, change.to));
      break;
    case 'chmod':
      chmodSync(target, change.mode);
      break;
    case 'touch':
      lutimesSync(target, change.mtime, change.mtime);
  }
}

/** As mv(1): overlayfs does not rename directories of the layers below. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    cpSync(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    rmSync(from, { recursive: true });
  }
}
