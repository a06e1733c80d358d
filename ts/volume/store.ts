import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RcxError } from '../errors.ts';
import { volumeEvent } from '../events/append.ts';
import { plain } from '../oci/quote.ts';
import { fsyncDirectory } from '../store/atomic.ts';
import { names } from '../store/listing.ts';
import { type Lock, tryLockInExisting } from '../store/lock.ts';
import { fileFailure, toRcxError } from '../store/nativeError.ts';
import type { StorePaths } from '../store/paths.ts';
import { temporaryDirectory } from '../store/temporary.ts';
import { DATA, LOCK, RECORD, readVolume, type Volume, type VolumeRecord } from './record.ts';

/** What a new volume is like. */
export type WantedVolume = Partial<Pick<VolumeRecord, 'labels' | 'options'>>;

const DELAY_MS = 2;

/** The volumes of one store: a folder each. */
export class VolumeStore {
  readonly #paths: StorePaths;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  folder(name: string): string {
    return join(this.#paths.volumes, name);
  }

  /** All of them, in the order of their names. */
  list(): Volume[] {
    const found = names(this.#paths.volumes).filter((name) => !name.startsWith('.'));
    return found.sort().flatMap((name) => readVolume(this.folder(name), name) ?? []);
  }

  /** `undefined` where there is none of that name. */
  get(name: string): Volume | undefined {
    // What is no name is no path either.
    return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name) ? readVolume(this.folder(name), name) : undefined;
  }

  /** @throws ERR_RCX_VOLUME_NOT_FOUND */
  find(name: string): Volume {
    const volume = this.get(name);
    if (volume !== undefined) return volume;
    throw new RcxError(`get ${plain(name)}: no such volume`, {
      code: 'ERR_RCX_VOLUME_NOT_FOUND',
      step: 'find the volume',
      path: plain(name),
      hint: 'list them with: rcx volume ls',
    });
  }

  /**
   * The volume of a name, which is made if there is none. It appears by one rename and is then whole.
   * @param name one that was checked
   * @param durable a power cut cannot undo it
   * @throws ERR_RCX_VOLUME_CONFLICT when there is one with other options, ERR_RCX_STORE
   */
  async ensure(name: string, wanted: WantedVolume = {}, durable = false): Promise<Volume> {
    const existing = this.get(name);
    if (existing !== undefined) return same(existing, wanted);
    const record: VolumeRecord = {
      name,
      createdAt: new Date().toISOString(),
      labels: wanted.labels ?? {},
      options: wanted.options ?? {},
    };
    if (await this.#make(record, durable)) {
      volumeEvent(this.#paths, name, 'create', { driver: 'local' });
      return { ...record, folder: this.folder(name), mountpoint: join(this.folder(name), DATA) };
    }
    return same(this.find(name), wanted);
  }

  /**
   * The same, kept from being removed until the lock is let go.
   * @throws as {@link VolumeStore.ensure}, ERR_RCX_LOCK
   */
  async use(name: string, wanted: WantedVolume = {}): Promise<{ volume: Volume; lock: Lock }> {
    for (;;) {
      const volume = await this.ensure(name, wanted);
      const lock = lockVolume(volume.folder, { shared: true });
      if (lock !== undefined) return { volume, lock };
      // Somebody removes it in this moment.
      await sleep(DELAY_MS);
    }
  }

  /** @returns false when somebody else was faster */
  async #make(record: VolumeRecord, durable: boolean): Promise<boolean> {
    const folder = this.folder(record.name);
    const temporary = temporaryDirectory(this.#paths.volumes);
    try {
      mkdirSync(join(temporary.path, DATA), { mode: 0o755 });
      const text = `${JSON.stringify(record)}\n`;
      writeFileSync(join(temporary.path, RECORD), text, { flag: 'wx', mode: 0o600, flush: durable });
      if (durable) fsyncDirectory(temporary.path);
      renameSync(temporary.path, folder);
    } catch (error) {
      await temporary.dispose();
      const { errno } = toRcxError(error, 'ERR_RCX_STORE');
      if ((errno === 'ENOTEMPTY' || errno === 'EEXIST') && existsSync(folder)) return false;
      throw fileFailure('create a volume', folder, error);
    }
    temporary.keep();
    if (durable) fsyncDirectory(this.#paths.volumes);
    return true;
  }
}

/**
 * Takes a volume: shared by who uses it, alone by who removes it.
 * @returns `undefined` while somebody else has it otherwise, and when it is gone
 * @throws ERR_RCX_LOCK
 */
export function lockVolume(folder: string, { shared = false } = {}): Lock | undefined {
  return tryLockInExisting(join(folder, LOCK), { shared });
}

/** Docker takes the volume there is and forgets what was asked for; here that is a conflict. */
function same(existing: Volume, { labels, options }: WantedVolume): Volume {
  const differs = (wanted: Record<string, string> | undefined, own: Record<string, string>) =>
    wanted !== undefined && Object.keys(wanted).length > 0 && !isEqual(wanted, own);
  const what = differs(options, existing.options) ? 'options' : differs(labels, existing.labels) ? 'labels' : undefined;
  if (what === undefined) return existing;
  throw new RcxError(`create ${existing.name}: conflict: there is a volume of that name with other ${what}`, {
    code: 'ERR_RCX_VOLUME_CONFLICT',
    step: 'create a volume',
    path: existing.name,
    hint: `see: rcx volume inspect ${existing.name}`,
  });
}

function isEqual(one: Record<string, string>, other: Record<string, string>): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}
