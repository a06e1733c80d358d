// Runs a program in a root file system of one's own, without images, records or a store: node examples/own-rootfs.mjs DIRECTORY [PROGRAM...]
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultSpec, launch, removeTree } from 'rcx/native';

const [directory, ...words] = process.argv.slice(2);
if (directory === undefined) throw new Error('which directory is the root?');
const program = words.length > 0 ? words : ['sh', '-c', 'echo "$(hostname): $(ls / | wc -l) entries"; echo new >/file'];

const scratch = await mkdtemp(join(tmpdir(), 'own-rootfs-'));
try {
  for (const name of ['root', 'upper', 'work']) await mkdir(join(scratch, name));
  const spec = defaultSpec(join(scratch, 'root'), program);
  spec.hostname = 'own';
  // What it changes goes to a directory of its own; the root stays as it is.
  const layers = { lower: [directory], upper: join(scratch, 'upper'), work: join(scratch, 'work') };
  const container = await launch({ spec, layers });
  await container.start();
  const { code, signal } = await container.wait();
  console.log(
    `ended with ${code ?? `signal ${signal}`}; changed: ${(await readdir(join(scratch, 'upper'))).join(' ')}`,
  );
} finally {
  await removeTree(join(scratch, 'work'));
  await rm(scratch, { recursive: true });
}
