import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { extendImage } from '../support/registryImages.ts';
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

/** Puts a layer on Debian's; the name of the image. */
async function image(layer: TarBuilder): Promise<string> {
  const tag = randomBytes(6).toString('hex');
  await extendImage(inject('e2e').registry, 'library/ubuntu', ['latest', tag], [layer.build()]);
  return `ubuntu:${tag}`;
}

/** Runs a script in an image made of `layer`; whatever happens, the victim must be as it was. */
async function attack(layer: TarBuilder, script: string, ...flags: string[]) {
  const before = readTree(victim);
  const args = ['run', '--rm', '-q', ...flags, await image(layer), '/bin/sh', '-c', script];
  const outcome = await store.rcx(args, { timeout: 20_000 });
  expect(readTree(victim)).toEqual(before);
  expect(outcome.stdout).not.toContain('of the host');
  return outcome;
}

describe('mount points that are symbolic links (CVE-2019-19921)', () => {
  const KERNEL = { proc: 'proc', dev: 'tmpfs', sys: 'sysfs' };
  const names = Object.keys(KERNEL) as (keyof typeof KERNEL)[];
  /** What is mounted on `/name`, whether that is a directory of its own, and that nothing got where the link leads. */
  const look = (name: string) => `stat -f -c %T /${name}; stat -c %F /${name}; ls -A /tmp`;

  it.each(names)('are covered by rcx’s own in an image: /%s to a directory of the container', async (name) => {
    const { exitCode, stdout } = await attack(new TarBuilder().symlink(name, '/tmp'), look(name));
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${KERNEL[name]}\ndirectory\n` });
  });

  it.each(names)('are covered by rcx’s own in an image: /%s to the host', async (name) => {
    const { exitCode, stdout } = await attack(new TarBuilder().symlink(name, `/../../../..${victim}`), look(name));
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${KERNEL[name]}\ndirectory\n` });
  });

  it.each(names)('are covered by rcx’s own in an image: /%s a file', async (name) => {
    const { exitCode, stdout } = await attack(new TarBuilder().file(name, 'x'), look(name));
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${KERNEL[name]}\ndirectory\n` });
  });

  it.each(names)('are refused in a root file system that rcx puts nothing into: /%s', async (name) => {
    for (const target of ['tmp', victim, `../../../../..${victim}`]) {
      const rootfs = mkdtempSync(join(store.folder, 'rootfs-'));
      for (const directory of ['tmp', ...names.filter((each) => each !== name)]) mkdirSync(join(rootfs, directory));
      symlinkSync(target, join(rootfs, name));
      const before = readTree(victim);
      const outcome = await store.rcx(['run', '--rm', '--rootfs', rootfs, '/bin/true']);
      expectFailure(outcome, 125, new RegExp(`/${name}.*ELOOP.*symbolic link`));
      expect(readTree(victim)).toEqual(before);
    }
  });
});

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

describe('an image with a library of its own for rcx to load (CVE-2019-14271)', () => {
  it('is not asked for one: names are looked up without it', async () => {
    const layer = new TarBuilder()
      .file('etc/nsswitch.conf', 'passwd: evil\ngroup: evil\nhosts: evil\n')
      .file('usr/lib/x86_64-linux-gnu/libnss_evil.so.2', 'not a library')
      .file('etc/ld.so.preload', '/lib/x86_64-linux-gnu/libnss_evil.so.2\n');
    const { exitCode, stdout } = await attack(layer, 'id -u', '-u', 'games');
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '5\n' });
  });
});
