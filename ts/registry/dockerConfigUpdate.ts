import { lstatSync, mkdirSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { RcxError } from '../errors.ts';
import { indentJson, joinMembers, type RawMember, splitMembers } from '../oci/jsonText.ts';
import { writeFileAtomic } from '../store/atomic.ts';
import { acquireLock } from '../store/lock.ts';
import { toRcxError } from '../store/nativeError.ts';
import { dockerConfigFile, parseDockerConfig, readDockerConfigText } from './dockerConfig.ts';

/** The parts of a Docker configuration that a login changes; values are JSON as it is written in the file. */
export interface DockerConfigParts {
  /** By registry. */
  auths: RawMember[];
  /** All others. */
  rest: RawMember[];
}

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/**
 * Changes the file that {@link dockerConfigFile} names, laid out as Docker does it. A lock keeps two changes apart, what
 * `change` leaves alone stays as it is written, and readers see the old file or the new one. A symbolic link stays one:
 * the file it leads to is replaced.
 * @returns whether the file is another one than before
 * @throws ERR_RCX_INVALID_CONFIG, ERR_RCX_CONFIG_UNREADABLE, ERR_RCX_CONFIG_UNWRITABLE
 */
export async function updateDockerConfig(
  env: NodeJS.ProcessEnv,
  change: (parts: DockerConfigParts) => DockerConfigParts,
): Promise<boolean> {
  const named = dockerConfigFile(env);
  try {
    mkdirSync(dirname(named), { recursive: true, mode: PRIVATE_FOLDER });
    const file = leadsTo(named);
    mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
    const lock = await acquireLock(join(dirname(file), `.${basename(file)}.lock`));
    try {
      return replace(file, readDockerConfigText(file), change);
    } finally {
      lock.remove();
    }
  } catch (cause) {
    throw unwritable(named, cause);
  }
}

function replace(file: string, old: string, change: (parts: DockerConfigParts) => DockerConfigParts): boolean {
  parseDockerConfig(old, file);
  const { auths, rest } = change(split(old));
  const text = indentJson(joinMembers([['auths', joinMembers(auths)], ...rest]), '\t');
  const before = stat(file);
  if (text === old && before !== undefined && (before.mode & 0o777) === PRIVATE_FILE) return false;
  const owner = otherOwner(before ?? statSync(dirname(file)));
  writeFileAtomic(file, text, { fsync: true, mode: PRIVATE_FILE, ...(owner !== undefined && { owner }) });
  return text !== old;
}

function split(text: string): DockerConfigParts {
  const members = splitMembers(text);
  // Of a repeated name the last one counts, as for every reader of the file.
  const auths = members.findLast(([name]) => name === 'auths')?.[1] ?? 'null';
  return {
    auths: auths === 'null' ? [] : splitMembers(auths),
    rest: members.filter(([name]) => name !== 'auths'),
  };
}

/** Root who logs in with a user's HOME must not take the file away from that user. */
function otherOwner({ uid, gid }: Stats): { uid: number; gid: number } | undefined {
  return process.geteuid?.() === 0 && uid !== 0 ? { uid, gid } : undefined;
}

/** The real file, which need not exist: a link may lead to where the first login makes it. */
function leadsTo(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (lstat(path)?.isSymbolicLink() !== true) return path;
  return leadsTo(resolve(dirname(path), readlinkSync(path)));
}

function stat(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function lstat(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function unwritable(file: string, cause: unknown): RcxError {
  if (cause instanceof RcxError && cause.code !== 'ERR_RCX_LOCK') return cause;
  const { errno, message } = toRcxError(cause, 'ERR_RCX_CONFIG_UNWRITABLE');
  return new RcxError(`cannot write the Docker logins to ${file}: ${errno ?? message}`, {
    code: 'ERR_RCX_CONFIG_UNWRITABLE',
    step: 'store credentials',
    path: file,
    errno,
    hint: 'make the file and its folder writable for you, or set DOCKER_CONFIG to another folder.',
    cause,
  });
}
