import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Container, Engine, Files } from '../../../ts/index.ts';
import { engineWithImage, IMAGE } from '../../support/apiEngine.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';

describeWith({ root: true }, 'files', () => {
  const folder = scratchDirectory();
  let engine: Engine;
  let box: Container;
  beforeAll(async () => {
    engine = await engineWithImage(folder);
    // Links that lead out of the container for whoever follows them on the host.
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'of the host');
    box = await engine.containers.create(IMAGE, [
      'sh',
      '-c',
      `mkdir /d; echo x >/d/file; ln -s ${secret} /d/out; ln -s file /d/in`,
    ]);
    await box.start();
    await box.wait();
    await engine.volumes.create({ name: 'data' });
  });
  afterAll(async () => {
    await box.remove();
    await engine.volumes.remove('data');
    await engine.close();
  });

  it('of an image are read, and only read', async () => {
    const files = engine.images.files(IMAGE);
    expect((await files.list('/')).map(({ name }) => name)).toEqual(expect.arrayContaining(['bin', 'etc', 'usr']));
    expect((await files.stat('/etc/passwd')).kind).toBe('file');
    expect(String(await files.read('/etc/passwd'))).toMatch(/^root:/);
    const here = readFileSync('/bin/cat');
    expect(await files.read('/bin/cat')).toEqual(here);
    await expect(files.write('/x', 'y')).rejects.toMatchObject({ code: 'ERR_RCX_READ_ONLY' });
    await expect(files.putArchive([], '/')).rejects.toMatchObject({ code: 'ERR_RCX_READ_ONLY' });
  });

  it('of a container that does not run are read and written', async () => {
    const { files } = box;
    expect(await files.list('/d')).toMatchObject([
      { name: 'file', kind: 'file', size: 2, uid: 0 },
      { name: 'in', kind: 'symlink', target: 'file' },
      { name: 'out', kind: 'symlink' },
    ]);
    expect(await files.stat('/d/in', { follow: true })).toMatchObject({ kind: 'file', size: 2 });
    await files.write('/d/new', 'text', { mode: 0o600, uid: 5, gid: 6 });
    expect(await files.stat('/d/new')).toMatchObject({ mode: 0o600, uid: 5, gid: 6, size: 4 });
    await files.write('/d/in', Buffer.from('through the link'));
    expect(String(await files.read('/d/file'))).toBe('through the link');
    expect(await box.changes()).toContainEqual({ kind: 'A', path: '/d/new' });
  });

  it('never are the host’s', async () => {
    await expect(box.files.read('/d/out')).rejects.toMatchObject({ code: 'ERR_RCX_FILE_NOT_FOUND' });
    await expect(box.files.read('/../../../../../../etc/hostname')).resolves.toBeInstanceOf(Buffer);
    await expect(box.files.write('/d/out', 'x')).rejects.toMatchObject({ code: 'ERR_RCX_COPY_NOT_FOUND' });
    expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe('of the host');
    const volume = engine.volumes.files('data');
    await engine.run(IMAGE, ['sh', '-c', `cd /data; mkdir -p sub; echo x >sub/f; touch own`], {
      mounts: ['data:/data'],
    });
    await expect(volume.read(`/..${folder}/secret`)).rejects.toMatchObject({ code: 'ERR_RCX_FILE_NOT_FOUND' });
  });

  it.each<[string, () => Files]>([
    ['a volume', () => engine.volumes.files('data')],
    ['a container', () => box.files],
  ])('of %s go in and out whole, also large ones', async (_, of) => {
    const files = of();
    const piece = Buffer.alloc(1 << 20, 'rcx');
    await files.write('/large', Array(20).fill(piece));
    const hash = createHash('sha256');
    for await (const chunk of files.createReadStream('/large')) hash.update(chunk);
    expect(hash.digest('hex')).toBe(
      createHash('sha256')
        .update(Buffer.concat(Array(20).fill(piece)))
        .digest('hex'),
    );
    const archive = await buffer(files.getArchive('/large'));
    await engine.volumes.create({ name: 'other' });
    await engine.volumes.files('other').putArchive([archive], '/');
    expect((await engine.volumes.files('other').stat('/large')).size).toBe(20 << 20);
    await engine.volumes.remove('other');
  });

  it('leave nothing half-written', async () => {
    const failing = async function* () {
      yield Buffer.from('first');
      throw new Error('no more');
    };
    await expect(box.files.write('/d/broken', failing())).rejects.toThrow(/no more/);
    await expect(box.files.stat('/d/broken')).rejects.toMatchObject({ code: 'ERR_RCX_FILE_NOT_FOUND' });
    const stream = box.files.createReadStream('/d/file');
    stream.destroy();
    // Nothing holds the container any more.
    await box.start();
    await box.wait();
  });

  it.each([
    ['/no/such', 'ERR_RCX_FILE_NOT_FOUND'],
    ['/d', 'ERR_RCX_COPY'],
  ])('that are none are refused: %s', async (path, code) => {
    await expect(box.files.read(path)).rejects.toMatchObject({ code });
  });

  it('of what is not there are refused', async () => {
    await expect(engine.images.files('localhost/none').list()).rejects.toMatchObject({
      code: 'ERR_RCX_IMAGE_NOT_FOUND',
    });
    await expect(engine.volumes.files('none').list()).rejects.toMatchObject({ code: 'ERR_RCX_VOLUME_NOT_FOUND' });
    await expect(box.files.list('/d/file')).rejects.toMatchObject({ code: 'ERR_RCX_COPY' });
  });
});
