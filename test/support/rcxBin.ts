import { fileURLToPath } from 'node:url';

/** The command line under test; `RCX_TEST_BIN` names another one, such as that of an installed package. */
export const RCX_BIN = process.env.RCX_TEST_BIN ?? fileURLToPath(new URL('../../bin/rcx.js', import.meta.url));
