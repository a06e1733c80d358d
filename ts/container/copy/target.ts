import type { ByteString } from '../../layer/errors.ts';
import type { CopyRoot } from '../../native/index.ts';
import { refusedCopy } from './errors.ts';
import { namesDirectory, splitPath } from './paths.ts';

/** What stands where a copy is to go. */
export interface Target {
  /** Absolute; if a link stood at its end, what that leads to. */
  path: ByteString;
  kind: 'directory' | 'other' | 'device' | 'nothing';
}

/** Where a copy goes: into which directory, which is there, and what the top of the copy is called in it. */
export interface Landing {
  directory: ByteString;
  /** `undefined` when the content of the top goes right into the directory. */
  name: ByteString | undefined;
}

/**
 * Looks at a destination. A link at its end is followed, also to what does not exist yet.
 * @throws the addon's errors
 */
export function findTarget(root: CopyRoot, path: ByteString): Target {
  let [found, real] = [root.look(path, false), path];
  if (found?.kind === 'symlink') {
    real = root.real(path);
    found = root.look(real, false);
  }
  if (found === null) return { path: real, kind: 'nothing' };
  if (found.kind === 'directory') return { path: real, kind: 'directory' };
  return { path: real, kind: found.kind === 'character' || found.kind === 'block' ? 'device' : 'other' };
}

/**
 * Docker's rules for what a copy becomes, `PrepareArchiveCopy` of https://github.com/moby/go-archive.
 * @param name the top's own; `.` or `/` stands for its content
 * @throws ERR_RCX_COPY when a directory would have to become a file, or a file a directory that is not there
 */
export function land(source: { name: ByteString; isDirectory: boolean }, target: Target): Landing {
  const isContent = source.name === '.' || source.name === '/';
  if (target.kind === 'directory') return { directory: target.path, name: isContent ? undefined : source.name };
  const exists = target.kind !== 'nothing';
  if (exists && source.isDirectory) {
    throw refusedCopy(
      'cannot copy directory',
      target.path,
      'a file is there: name a directory, or a path that is free',
    );
  }
  if (!exists && !source.isDirectory && namesDirectory(target.path)) {
    throw refusedCopy('no such directory', target.path, 'make it first, or leave out the slash at its end');
  }
  const { directory, name } = splitPath(target.path);
  return { directory, name: name === '.' ? undefined : name };
}
