import { inject } from 'vitest';
import { INSTALLED_BIN } from './installedBin.ts';

/** The command line under test: of a test that is run for an ordinary user, it is his. */
export const RCX_BIN: string = inject('e2e')?.bin ?? INSTALLED_BIN;
