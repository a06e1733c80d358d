// What images and containers are called, run and leave behind is text of strangers. A terminal obeys control characters in it: titles,
// colours that hide lines, answers that are typed back (CVE-2003-0063 and its many descendants).
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { ready, removeAll } from '../support/life.ts';

/** A title, an erased line, a bell, a carriage return, and the one-character form of ESC [. */
const EVIL = '\x1b]0;evil\x07\x1b[2K\r\x9b31m\x08\x7f';
/** What may come out: no control character but line breaks and tabs. */
const CONTROL = /[^\P{Cc}\n\t]/u;

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
  const script = `touch "/$1"; echo ready; while :; do sleep 0.05; done`;
  const labels = ['-l', `${EVIL}=1`, '-l', `label=${EVIL}`, '-e', `ENV=${EVIL}`];
  const health = ['--health-cmd', `printf '${EVIL}'`, '--health-interval', '300ms'];
  await ready(store, ['--name', 'plain']);
  await store.ok(['run', '-d', '--name', 'box', ...labels, ...health, 'ubuntu', 'sh', '-c', script, EVIL, EVIL]);
  const changes = ['-c', `LABEL evil="${EVIL}"`, '-c', `CMD ["${JSON.stringify(EVIL).slice(1, -1)}"]`];
  await store.ok(['commit', '-m', EVIL, '-a', EVIL, ...changes, 'box', 'evil:latest']);
  await store.rcx(['exec', 'box', EVIL]);
  await store.ok(['create', '--name', 'made', '--entrypoint', EVIL, 'evil']);
});
afterAll(async () => {
  await removeAll(store);
  await store.close();
});

const now = () => String(Math.floor(Date.now() / 1000) + 1);

it.each<[string, () => string[], boolean?]>([
  ['ps', () => ['ps', '-a']],
  ['ps --no-trunc', () => ['ps', '-a', '--no-trunc', '-s']],
  ['ps --format', () => ['ps', '-a', '--format', '{{.Command}} {{.Labels}} {{.Label "label"}}']],
  ['ps --format json', () => ['ps', '-a', '--format', 'json']],
  ['inspect', () => ['inspect', 'box', 'made']],
  ['inspect --format', () => ['inspect', '-f', '{{.Config.Labels}} {{.Args}} {{.Config.Env}} {{json .State}}', 'box']],
  ['images', () => ['images', '--no-trunc']],
  ['image inspect', () => ['image', 'inspect', 'evil']],
  ['image inspect --format', () => ['image', 'inspect', '-f', '{{.Comment}} {{.Author}} {{.Config.Labels}}', 'evil']],
  ['history', () => ['history', '--no-trunc', 'evil']],
  ['history --format', () => ['history', '--format', '{{.Comment}} {{.CreatedBy}}', 'evil']],
  ['events', () => ['events', '--since', '1', '--until', now()]],
  [
    'events --format',
    () => ['events', '--since', '1', '--until', now(), '--format', '{{.Actor.Attributes}} {{.Action}}'],
  ],
  ['events --format json', () => ['events', '--since', '1', '--until', now(), '--format', '{{json .}}']],
  ['diff', () => ['diff', 'box']],
  ['top', () => ['top', 'box']],
  ['top with options of ps', () => ['top', 'box', '-o', 'pid,args']],
  ['system df', () => ['system', 'df', '-v']],
  ['a program that is not there', () => ['run', '--rm', 'evil'], true],
  ['an entrypoint that is not there', () => ['start', '-a', 'made'], true],
  ['a program that is not there, by exec', () => ['exec', 'plain', EVIL], true],
  ['a directory that is not there', () => ['exec', '-w', `/proc/${EVIL}`, 'plain', 'true'], true],
  ['a user who is not there', () => ['run', '--rm', '-u', EVIL, 'ubuntu', 'true'], true],
  ['a container that is not there', () => ['inspect', EVIL], true],
  ['a name that cannot be', () => ['rename', 'plain', EVIL], true],
  ['a file that is not there', () => ['cp', `box:/${EVIL}x`, '/tmp/never'], true],
  ['an image that cannot be', () => ['pull', EVIL], true],
  ['a mount that cannot be', () => ['run', '--mount', `type=bind,source=/${EVIL},target=/x`, 'ubuntu', 'true'], true],
  ['a flag that there is not', () => ['run', `--${EVIL}`, 'ubuntu'], true],
])('%s sends nothing to the terminal that it obeys', async (_, args, fails = false) => {
  const { exitCode, stdout, stderr } = await store.rcx(args());
  expect(exitCode === 0).toBe(!fails);
  expect(stdout + stderr).not.toMatch(CONTROL);
});

it('is shown all the same, but not in raw logs', async () => {
  expect(await store.ok(['ps', '-a', '--no-trunc'])).toContain('\\u001b]0;evil\\u0007');
  expect(await store.ok(['inspect', 'box'])).toContain('\\u001b]0;evil\\u0007');
  await store.ok(['run', '--name', 'raw', 'ubuntu', 'printf', '%s', EVIL]);
  expect(await store.ok(['logs', 'raw'])).toBe(EVIL);
});
