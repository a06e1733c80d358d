import { pipeline } from 'node:stream/promises';
import { copyIn, copyOut } from '../../container/copy/copy.ts';
import type { ContainerPath } from '../../container/copy/ends.ts';
import { type Change, diffContainer } from '../../container/diff.ts';
import { exportContainer } from '../../container/export.ts';
import { type ContainerStats, watchStats } from '../../container/stats.ts';
import { type MakeRequest, makeContainer } from '../prepareContainer.ts';
import type { Operation } from './io.ts';

/** How files are copied. */
export interface CopySettings {
  /** Keep owners. */
  archive?: boolean | undefined;
  /** What a link at the end of the source leads to, instead of the link. */
  followLink?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

type Settings = Omit<CopySettings, 'signal'>;

/** Makes a container; `owner` is who starts it. */
export const create: Operation<MakeRequest, void> = async (core, request, { signal }) => {
  await makeContainer(core, request, signal);
};

export const copyTo: Operation<{ source: string; target: ContainerPath; settings: Settings }, string> = async (
  core,
  { source, target, settings },
  { signal },
) => await copyIn(core, source, target, { ...settings, signal });

export const copyFrom: Operation<{ source: ContainerPath; target: string; settings: Settings }, string> = async (
  core,
  { source, target, settings },
  { signal },
) => await copyOut(core, source, target, { ...settings, signal });

export const exportFiles: Operation<{ id: string }, void> = async (core, { id }, { signal, output }) => {
  await pipeline(exportContainer(core, id, signal), output);
};

export const changes: Operation<{ id: string }, Change[]> = async (core, { id }) => await diffContainer(core, id);

/** What a container uses, without its record. */
export type Stats = Omit<ContainerStats, 'config' | 'asked'>;

export const stats: Operation<{ id: string; interval: number }, Stats | undefined> = async (core, { id, interval }) => {
  for await (const [first] of watchStats(core, { containers: [id], all: true, interval })) {
    if (first === undefined) return undefined;
    const { config: _record, asked: _name, ...used } = first;
    return used;
  }
  return undefined;
};
