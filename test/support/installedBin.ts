import { fileURLToPath } from 'node:url';

/** The command line as it is installed; `RCX_TEST_BIN` names another one, such as that of an installed package. */
export const INSTALLED_BIN = process.env.RCX_TEST_BIN ?? fileURLToPath(new URL('../../bin/rcx.js', import.meta.url));
