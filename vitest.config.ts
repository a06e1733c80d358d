import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Containers and registries of several files at once would wait for each other: two is what the smallest CI machine has. */
const WORKERS = 2;

/** One project a folder of test/, so that `vitest run --project unit` runs what needs neither root nor a build. */
function project(name: string, seconds: number, globalSetup: string[] = []) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.{ts,mjs}`],
      testTimeout: seconds * 1000,
      hookTimeout: 4 * seconds * 1000,
      globalSetup,
    },
  };
}

/** A real registry with real images, and a store that has pulled them. */
const E2E = ['test/support/e2eSetup.ts'];

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
      project('vm', 10, VM),
    ],
  },
});
