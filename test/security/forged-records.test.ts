// Text of strangers with line breaks in it must not become a line of its own in what others read line by line: logs, events, lists,
// /etc/hosts, the environment.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { removeAll } from '../support/life.ts';

const TIME = '2026-01-31T12:00:00.000000000Z';
/** What would be a record of a log, an event, a container in a list, and a host. */
const RECORD = `{"log":"forged\\n","stream":"stderr","time":"${TIME}"}`;
const EVENT = JSON.stringify({
  Type: 'container',
  Action: 'forged',
  Actor: { ID: 'f'.repeat(64), Attributes: {} },
  time: 1,
});
const LINE = `${TIME} container forged ${'f'.repeat(64)} (name=forged)`;

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(async () => {
  await removeAll(store);
  await store.close();
});

/** A line of the log; one that is no record is a forgery that went wrong. */
function record(line: string): { log: string; stream: string } {
  try {
    return JSON.parse(line);
  } catch {
    return { log: `no record: ${line}`, stream: 'none' };
  }
}

it('a line of the log is a record, whatever is in it', async () => {
  const lines = [
    RECORD,
    '"}',
    '\\',
    '\\n',
    `x","stream":"stderr","time":"${TIME}"}`,
    '\r',
    '\u2028',
    '\0',
    `\n${RECORD}`,
  ];
  const output = `${lines.join('\n')}\nno end ${RECORD}`;
  await store.ok(['run', '--name', 'box', '-i', 'ubuntu', 'cat'], { input: output });
  const id = (await store.ok(['inspect', '-f', '{{.Id}}', 'box'])).trim();
  const file = readFileSync(join(store.root, 'containers', id, 'container.log'), 'utf8');
  const records = file.trimEnd().split('\n').map(record);
  expect(records.map(({ log }) => log).join('')).toBe(output);
  expect(records.map(({ log }) => log)).toEqual(output.split(/(?<=\n)/));
  expect(new Set(records.map(({ stream }) => stream))).toEqual(new Set(['stdout']));
  const shown = await store.rcx(['logs', 'box']);
  expect([shown.stdout, shown.stderr]).toEqual([output, '']);
});

it('an event is a line, whatever labels, names and programs have in them', async () => {
  const labels = ['-l', `a=\n${EVENT}\n${LINE}\n`, '-l', `\n${LINE}\n=b`];
  await store.ok(['run', '--rm', ...labels, 'ubuntu', 'sh', '-c', 'true', `\n${EVENT}\n`]);
  await store.ok(['run', '-d', '--name', 'exec', ...labels, 'ubuntu', 'sleep', '100']);
  await store.ok(['exec', 'exec', 'true', `\n${LINE}\n${EVENT}\n`]);
  const written = readFileSync(join(store.env.RCX_RUN ?? '', 'events'), 'utf8')
    .trimEnd()
    .split('\n');
  const actions = written.map((line) => JSON.parse(line).Action as string);
  expect(actions).toContain('create');
  expect(actions.filter((action) => /^forged/.test(action))).toEqual([]);
  const until = String(Math.floor(Date.now() / 1000) + 1);
  const shown = (await store.ok(['events', '--since', '1', '--until', until])).trimEnd().split('\n');
  expect(shown).toHaveLength(written.length);
  for (const line of shown) expect(line).toMatch(/^\S+ (container|image) (?!forged)/);
});

it('a container is a line of ps, whatever its labels and program are', async () => {
  await store.ok(['create', '--name', 'listed', '-l', `a=\n${LINE}\n`, 'ubuntu', 'sh', '-c', `\n${LINE}\n`]);
  const count = (await store.ok(['ps', '-aq'])).trimEnd().split('\n').length;
  for (const flags of [['--no-trunc'], ['--format', '{{.Names}} {{.Command}} {{.Labels}}'], ['--format', 'json']]) {
    const lines = (await store.ok(['ps', '-a', ...flags])).trimEnd().split('\n');
    expect(lines.filter((line) => !line.startsWith('CONTAINER ID'))).toHaveLength(count);
  }
});

it.each([
  ['a host name', ['-h', 'x\n6.6.6.6 forged']],
  ['an added host', ['--add-host', 'x\n6.6.6.6 forged:1.2.3.4']],
  ['the address of an added host', ['--add-host', 'x:1.2.3.4\n6.6.6.6 forged']],
  ['a name server', ['--dns', '1.2.3.4\noptions forged']],
  ['a name', ['--name', 'x\n6.6.6.6 forged']],
])('no line of /etc comes from %s', async (_, flags) => {
  expectFailure(
    await store.rcx(['run', '--rm', ...flags, 'ubuntu', 'cat', '/etc/hosts', '/etc/resolv.conf']),
    125,
    /forged/,
  );
});

it('a variable is one, whatever is in it', async () => {
  const value = 'a\nFORGED=1\nPATH=/forged';
  const stdout = await store.ok(['run', '--rm', '-e', `VALUE=${value}`, 'ubuntu', 'env', '-0']);
  const names = stdout.split('\0').map((pair) => pair.split('=')[0]);
  expect(stdout.split('\0')).toContain(`VALUE=${value}`);
  expect(names).not.toContain('FORGED');
});
