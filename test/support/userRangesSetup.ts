import type { TestProject } from 'vitest/node';
import { setUp } from './e2eSetup.ts';

/** The registry and the images of the end-to-end tests, for an ordinary user: see `UserKind`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return await setUp(project, 'ranges');
}
