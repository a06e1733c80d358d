import { changes, copyFrom, copyTo, create, exportFiles, stats } from './containers.ts';
import { listFiles, readArchive, readFile, statFile, writeArchive, writeFile } from './files.ts';
import { commit, fromHost, importArchive, load, pull } from './images.ts';
import { removeNetwork } from './networks.ts';

/** All operations by name. */
export const OPERATIONS = {
  ...{ changes, copyFrom, copyTo, create, exportFiles, stats },
  ...{ listFiles, readArchive, readFile, statFile, writeArchive, writeFile },
  ...{ commit, fromHost, importArchive, load, pull, removeNetwork },
};

export type OperationName = keyof typeof OPERATIONS;
export type ArgsOf<N extends OperationName> = Parameters<(typeof OPERATIONS)[N]>[1];
export type ResultOf<N extends OperationName> = Awaited<ReturnType<(typeof OPERATIONS)[N]>>;
