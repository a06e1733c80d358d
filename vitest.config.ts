import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Containers and registries of several files at once would wait for each other: two is what the smallest CI machine has. */
const WORKERS = 2;

/** One project a folder of test/, so that `vitest run --project unit` runs what needs neither root nor a build. */
function project(
  name: string,
  seconds: number,
  globalSetup: string[] = [],
  include = [`test/${name}/**/*.test.{ts,mjs}`],
) {
  return {
    extends: true as const,
    test: {
      name,
      include,
      testTimeout: seconds * 1000,
      hookTimeout: 4 * seconds * 1000,
      globalSetup,
    },
  };
}

/** A real registry with real images, and a store that has pulled them. */
const E2E = ['test/support/e2eSetup.ts'];

/**
 * End-to-end tests that are run again for ordinary users, beside their own. What the others are about is listed in docs/rootless.md, or
 * is no matter of who asks; with RCX_TEST_ALL=1 all of them are run.
 */
const PARITY = (
  'attach badInput commit create diff environment exec execTerminal history inspect kill lifecycle logs metadata networkChanges ' +
  'networkNames networkPorts push rename restart run runAttach runDetached signals start stop streams sysctls tag terminal ulimits ' +
  'volume wait'
).split(' ');
const AS_USER = [
  'test/user/*.test.ts',
  ...(process.env.RCX_TEST_ALL === '1' ? ['test/e2e/*.test.ts'] : PARITY.map((name) => `test/e2e/${name}.test.ts`)),
];

/** A virtual machine that runs every check of its tests, once. */
const VM = ['test/support/vm/setup.ts'];

export default defineConfig({
  test: {
    maxWorkers: WORKERS,
    passWithNoTests: false,
    // Of whoever uses the library without a configuration of its own: no bridge is made on the machine that runs the tests.
    env: { RCX_CONFIG: fileURLToPath(new URL('test/support/config.json', import.meta.url)) },
    projects: [
      project('unit', 10),
      project('integration', 60),
      project('security', 60, E2E),
      project('e2e', 120, E2E),
      project('ranges', 120, ['test/support/userRangesSetup.ts'], AS_USER),
      project('single', 120, ['test/support/userSingleSetup.ts'], AS_USER),
      project('package', 60, ['test/support/packageSetup.ts']),
      project('vm', 10, VM),
    ],
  },
});
