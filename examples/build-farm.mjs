// Builds many things at once, each in a container of its own with one read-only source and a cache that they share:
// node examples/build-farm.mjs [IMAGE]. Ctrl-C ends all of them, and nothing of them is left.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine } from 'rcx';

const image = process.argv[2] ?? 'ubuntu';
const engine = new Engine();
const abort = new AbortController();
process.once('SIGINT', () => abort.abort());

/** What is built: a task is a name, and the result a file of that name. */
const tasks = Array.from({ length: 12 }, (_, number) => `part-${number}`);
const BUILD = `
  test -e /cache/$TASK || { sleep 0.1; sort /src/words >/cache/$TASK; }
  mkdir /out && { echo "$TASK:"; cat /cache/$TASK; } >/out/$TASK
`;

async function build(task, source) {
  const container = engine.spawn(image, ['sh', '-ec', BUILD], {
    network: 'none',
    env: { TASK: task },
    mounts: [{ source, target: '/src', readOnly: true }, 'build-cache:/cache'],
    memory: '256m',
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'inherit',
    signal: abort.signal,
    autoRemove: false,
  });
  try {
    const { exitCode, durationMs } = await container.wait();
    if (exitCode !== 0) throw new Error(`${task}: ended with ${exitCode}`);
    const result = await container.files.read(`/out/${task}`);
    return { task, result: String(result), durationMs };
  } finally {
    await container.remove({ force: true }).catch(() => undefined);
  }
}

/** As many at a time as there are processors. */
async function buildAll(source) {
  const waiting = [...tasks];
  const built = [];
  const worker = async () => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) built.push(await build(task, source));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return built;
}

const source = await mkdtemp(join(tmpdir(), 'source-'));
await writeFile(join(source, 'words'), 'three\nfour\none\ntwo\n');
await engine.volumes.create({ name: 'build-cache' });
try {
  const begin = performance.now();
  const built = await buildAll(source);
  for (const { task, result } of built.sort((a, b) => a.task.localeCompare(b.task, 'en', { numeric: true })))
    console.log(`${task}: ${result.split('\n').slice(1, 5).join(' ')}`);
  console.error(`${built.length} builds in ${(performance.now() - begin).toFixed(0)} ms`);
} finally {
  await engine.volumes.remove('build-cache');
  await rm(source, { recursive: true });
  await engine.close();
}
