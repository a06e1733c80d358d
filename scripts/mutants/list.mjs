// Every mutant: a change of the sources that takes a defence away, and the tests that have to notice.
import { CONFINEMENT } from './list/confinement.mjs';
import { FILES } from './list/files.mjs';
import { JOINING } from './list/joining.mjs';
import { MOUNTS } from './list/mounts.mjs';
import { NETWORKS } from './list/networks.mjs';
import { WORDS } from './list/words.mjs';

/** @type {import('./edits.mjs').Mutant[]} */
export const MUTANTS = [...JOINING, ...MOUNTS, ...CONFINEMENT, ...FILES, ...NETWORKS, ...WORDS];
