import { afterAll, beforeAll, expect, it } from 'vitest';
import { isAsBefore, makeWorld, type NetworkWorld } from '../support/networks.ts';

const TIMES = 300;
const AT_ONCE = 8;

let world: NetworkWorld;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.close());

it(`of ${TIMES} starts and stops, ${AT_ONCE} at a time, nothing is left`, async () => {
  await world.store.ok(['network', 'create', '--ipv6', 'other']);
  await world.run(['--network', 'other'], ['true']);
  const before = await world.quiet();
  let next = 0;
  const some = async () => {
    while (next < TIMES) {
      const flags = [
        ['-p', '80'],
        ['--network', 'other'],
        ['--network', 'bridge', '--network', 'other'],
      ][next++ % 3];
      await world.run(flags ?? [], ['true']);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, some));
  expect(await world.store.ok(['ps', '-aq'])).toBe('');
  await world.store.ok(['network', 'rm', 'bridge']);
  await isAsBefore(world, before);
});
