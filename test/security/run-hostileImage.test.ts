import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { hostileImage } from '../support/hostileImage.ts';
import { TarBuilder } from '../support/tarBuilder.ts';
import { readTree } from '../support/tree.ts';

let store: Store;
/** A directory of the host that every image here tries to get at. */
let victim: string;
beforeAll(async () => {
  store = await newStore({ images: true });
  victim = join(store.folder, 'victim');
  mkdirSync(join(victim, 'sub'), { recursive: true });
  for (const name of ['hosts', 'hostname', 'resolv.conf', 'passwd', 'file', 'sub/file']) {
    writeFileSync(join(victim, name), 'of the host\n');
  }
});
afterAll(() => store.close());

/** Runs a script in an image made of `layer`; whatever happens, the victim must be as it was. */
async function attack(layer: TarBuilder, script: string, ...flags: string[]) {
  const before = readTree(victim);
  const args = ['run', '--rm', '-q', ...flags, await hostileImage(layer), '/bin/sh', '-c', script];
  const outcome = await store.rcx(args, { timeout: 20_000 });
  expect(readTree(victim)).toEqual(before);
  expect(outcome.stdout).not.toContain('of the host');
  return outcome;
}

describe('an image whose /etc leads elsewhere', () => {
  const WRITE = 'for f in hosts hostname resolv.conf; do echo evil >> /etc/$f; done; cat /etc/hosts; true';

  it('gets its hosts file there inside the container, or none: links to files', async () => {
    const layer = new TarBuilder();
    for (const name of ['hosts', 'hostname', 'resolv.conf']) layer.symlink(`etc/${name}`, `${victim}/${name}`);
    await attack(layer, WRITE);
  });

  it('gets its hosts file there inside the container, or none: a link to a directory', async () => {
    await attack(new TarBuilder().symlink('etc', victim), WRITE);
    await attack(new TarBuilder().symlink('etc', `../../../../../../..${victim}`), WRITE);
    await attack(new TarBuilder().symlink('etc', '/proc/1/root'), WRITE);
  });

  it('cannot make the search for a user hang or read the host', async () => {
    const fifo = new TarBuilder().add({ name: 'etc/passwd', type: '6' });
    expectFailure(await attack(fifo, 'true', '-u', 'somebody'), 125, /somebody/);
    const link = new TarBuilder().symlink('etc/passwd', `${victim}/passwd`);
    expectFailure(await attack(link, 'true', '-u', 'of the host'), 125, /of the host/);
    const endless = new TarBuilder().symlink('etc/passwd', '/dev/zero');
    expectFailure(await attack(endless, 'true', '-u', 'somebody'), 125, /somebody/);
  });
});

describe('an image with links where the user mounts', () => {
  const volume = () => mkdtempSync(join(store.folder, 'volume-'));

  it('gets them where the links lead inside the container', async () => {
    const layer = new TarBuilder().directory('safe').symlink('link', '/../../../safe').symlink('up', '../../../../..');
    const source = volume();
    const flags = ['-v', `${source}:/link/sub`, '-v', `${source}:/up${victim}/made`, '--tmpfs', '/link/tmp'];
    const { stdout } = await attack(layer, `echo evil > /safe/sub/x; ls ${victim}/made; ls /safe`, ...flags);
    expect(stdout).toBe('x\nsub\ntmp\n');
    expect(readFileSync(join(source, 'x'), 'utf8')).toBe('evil\n');
  });

  it('is refused when they lead nowhere inside the container, be it a place of the host', async () => {
    for (const target of [victim, `/../../..${victim}`, `../../../../..${victim}`]) {
      const outcome = await attack(new TarBuilder().symlink('link', target), 'true', '-v', `${volume()}:/link/sub`);
      expectFailure(outcome, 125, /\/link\/sub/);
    }
  });

  it('gets no working directory outside', async () => {
    for (const target of ['/proc/self/fd/3', '/proc/1/cwd', `/../..${victim}`, '/proc/self/root/..']) {
      const outcome = await attack(new TarBuilder().symlink('work', target), 'cat file secret', '-w', '/work');
      expect(outcome.exitCode).not.toBe(0);
    }
  });
});
