import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { DOCKER, type Docker, startDocker } from '../support/dockerDaemon.ts';
import { describeWith } from '../support/requires.ts';

const PROBE = readFileSync(join(import.meta.dirname, '../support/confinementProbe.sh'), 'utf8');
const TABLE = join(import.meta.dirname, '../../docs/compatibility.md');
const IMAGE = 'localhost/host:latest';

let store: Store;
let docker: Docker | undefined;
beforeAll(async () => {
  store = await newStore();
  await store.ok(['image', 'from-host', '-q']);
});
afterAll(async () => {
  await docker?.close();
  await store.close();
});

/** What a container sees and may do, a line of the probe each. */
function observations(output: string): Map<string, string> {
  const lines = output.split('\n').filter((line) => line.includes('\t'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('\t')), general(line.slice(line.indexOf('\t') + 1))]));
}

/** Without what differs between any two containers. */
function general(value: string): string {
  return value
    .replace(/[0-9a-f]{64}/g, 'ID')
    .replace(/(shared|master):[0-9]+/g, '$1')
    .replace(/(lowerdir|upperdir|workdir)=[^ ,]*/g, '$1')
    .replace(/^(\w+):\[(\d+)\]$/, (link, kind: string) =>
      readlinkSync(`/proc/self/ns/${kind}`) === link ? 'the host’s' : 'its own',
    );
}

/** The first cells of the table in the documentation. */
function explained(): string[] {
  const text = readFileSync(TABLE, 'utf8');
  const [, table = ''] = /<!-- confinement:.*?-->\n(.*?)<!-- \/confinement -->/s.exec(text) ?? [];
  return [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name).sort();
}

describeWith(DOCKER, 'a container of docker and one of rcx', () => {
  it('differ in nothing but what docs/compatibility.md explains', async () => {
    docker = await startDocker(join(store.folder, 'docker'));
    const archive = join(store.folder, 'image.tar');
    await store.ok(['save', '--format', 'docker-archive', '-o', archive, IMAGE]);
    await docker.docker('load', '-i', archive);
    const command = ['--rm', '--network', 'none', IMAGE, 'bash', '-c', PROBE];
    const theirs = observations(await docker.docker('run', ...command));
    const ours = observations(await store.ok(['run', ...command]));
    expect(theirs.size).toBeGreaterThan(120);
    const keys = [...new Set([...theirs.keys(), ...ours.keys()])].sort();
    const different = keys.filter((key) => theirs.get(key) !== ours.get(key));
    const shown = different.map((key) => `${key}\n  docker: ${theirs.get(key)}\n  rcx:    ${ours.get(key)}`);
    expect(different, shown.join('\n')).toEqual(explained());
  }, 120_000);
});
