import type { Store } from './cli.ts';

/** renameat2(2). */
const RENAMEAT2 = process.arch === 'arm64' ? 276 : 316;
const RENAME_EXCHANGE = 2;

/**
 * Lets a container exchange two names in a directory of the host that it shares, without a pause until it is removed.
 * @param shared path on the host; in the container it is `/w`
 * @param names two of its entries, which must be there
 */
export async function exchanging(store: Store, name: string, shared: string, names: [string, string]): Promise<void> {
  // syscall wants variables.
  const loop = `my ($a, $b) = map { "/w/$_" } @ARGV; while (1) { syscall(${RENAMEAT2}, -100, $a, -100, $b, ${RENAME_EXCHANGE}) }`;
  const volume = ['-v', `${shared}:/w`];
  await store.ok(['run', '-d', '--name', name, ...volume, 'ubuntu', 'perl', '-e', loop, ...names]);
}
