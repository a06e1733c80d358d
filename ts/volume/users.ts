import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerConfig } from '../container/record.ts';
import type { ContainerStore } from '../container/store.ts';
import { toRcxError } from '../store/nativeError.ts';

/** Which containers have which volumes, running or not, by their records at one moment. */
export class VolumeUsers {
  readonly #known = new Map<string, string[]>();
  /** Records that cannot be read have every volume whose name stands in them. */
  readonly #damaged: { id: string; text: string }[] = [];

  constructor(containers: ContainerStore) {
    for (const { id, config } of containers.configs()) {
      if (config === undefined) this.#damaged.push({ id, text: textOf(join(containers.folder(id), 'config.json')) });
      else for (const name of volumesOf(config)) this.#known.set(name, [...(this.#known.get(name) ?? []), id]);
    }
  }

  /** Ids of the containers that have a volume. */
  of(name: string): string[] {
    const damaged = this.#damaged.filter(({ text }) => text.includes(JSON.stringify(name)));
    return [...(this.#known.get(name) ?? []), ...damaged.map(({ id }) => id)];
  }
}

/** Names of a container's volumes, each once. */
export function volumesOf({ mounts = [] }: Pick<ContainerConfig, 'mounts'>): string[] {
  return [...new Set(mounts.flatMap(({ type, name }) => (type === 'volume' && name !== undefined ? [name] : [])))];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { errno } = toRcxError(error, 'ERR_RCX_STORE');
    // Removed in this moment, or never written.
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return '';
    throw toRcxError(error, 'ERR_RCX_STORE');
  }
}
