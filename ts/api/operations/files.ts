import { pipeline } from 'node:stream/promises';
import type { FileEntry } from '../../files/entry.ts';
import type { Place } from '../../files/place.ts';
import { listFiles as list, lookAtFile, readFileArchive, readFileContent } from '../../files/read.ts';
import { type FileAttributes, writeFileArchive, writeFileContent } from '../../files/write.ts';
import type { Operation } from './io.ts';

/** A path in a place. */
export interface At {
  place: Place;
  path: string;
}

export const listFiles: Operation<At, FileEntry[]> = async (core, { place, path }) => await list(core, place, path);

export const statFile: Operation<At & { follow: boolean }, FileEntry> = async (core, { place, path, follow }) =>
  await lookAtFile(core, place, path, { follow });

export const readFile: Operation<At, void> = async (core, { place, path }, { signal, output }) => {
  await readFileContent(core, place, path, (content) => pipeline(content, output), signal);
};

export const readArchive: Operation<At, void> = async (core, { place, path }, { signal, output }) => {
  await readFileArchive(core, place, path, (archive) => pipeline(archive, output), signal);
};

export const writeFile: Operation<At & { attributes: FileAttributes }, void> = async (
  core,
  { place, path, attributes },
  { signal, input },
) => {
  await writeFileContent(core, place, path, input, attributes, signal);
};

export const writeArchive: Operation<At, void> = async (core, { place, path }, { signal, input }) => {
  await writeFileArchive(core, place, path, input, signal);
};
