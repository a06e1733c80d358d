// `image inspect` against docker's own: the same image, described by both.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { importImage } from '../../../ts/image/import.ts';
import { type ImageInspect, inspectImage } from '../../../ts/image/inspect.ts';
import { parseReference } from '../../../ts/oci/reference.ts';
import { DOCKER, type Docker, startDocker } from '../../support/dockerDaemon.ts';
import { ArchiveStore } from '../../support/loading.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';

const scratch = scratchDirectory();
/** What docker says of a layer's files and of its own history: rcx keeps images elsewhere, and makes none of others. */
const OWN = ['GraphDriver', 'Parent'];
/** What docker 25 and 26 took away. */
const OBSOLETE = ['Container', 'ContainerConfig', 'VirtualSize'];
/** Members of a container's settings, which docker 28.1 took away from images. */
const CONTAINERS = [
  ...[
    'Hostname',
    'Domainname',
    'Image',
    'AttachStdin',
    'AttachStdout',
    'AttachStderr',
    'Tty',
    'OpenStdin',
    'StdinOnce',
  ],
];
const CHANGES = [
  ...['ENV A=b', 'USER me', 'WORKDIR /srv', 'ENTRYPOINT ["/bin/sh"]', 'CMD ["-c", "x"]', 'EXPOSE 80', 'VOLUME /v'],
  ...['LABEL a=b', 'ONBUILD RUN x', 'HEALTHCHECK --interval=5s CMD true'],
];

describeWith(DOCKER, 'image inspect', () => {
  let daemon: Docker;
  beforeAll(async () => {
    daemon = await startDocker(join(scratch, 'docker'));
  });
  afterAll(() => daemon?.close());

  const without = (object: object, names: readonly string[]) =>
    Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

  /** An image that docker makes with these instructions, as docker and rcx describe it. */
  async function described(changes: readonly string[]): Promise<{ docker: ImageInspect; rcx: ImageInspect }> {
    const folder = mkdtempSync(join(scratch, 'image-'));
    const [root, archive] = [join(folder, 'root.tar'), join(folder, 'image.tar')];
    writeFileSync(root, new TarBuilder().file('a', 'x'.repeat(1000)).build());
    const flags = changes.flatMap((change) => ['--change', change]);
    await daemon.docker('import', '--message', 'why', ...flags, root, 'app:1');
    await daemon.docker('tag', 'app:1', 'app:2');
    await daemon.docker('save', '-o', archive, 'app:1', 'app:2');
    const store = new ArchiveStore(scratch);
    await store.load(readFileSync(archive));
    const [docker] = JSON.parse(await daemon.docker('image', 'inspect', 'app:1')) as [ImageInspect];
    await daemon.docker('rmi', 'app:1', 'app:2');
    return { docker, rcx: inspectImage(store.engine, store.engine.images.find('app:1')) };
  }

  test.each([
    ['every instruction', CHANGES],
    ['none', []],
  ])('has what docker has, of an image with %s', async (_, changes) => {
    const { docker, rcx } = await described(changes);
    const { Config, Metadata, RepoTags, ...others } = without(docker, [...OWN, ...OBSOLETE]) as unknown as ImageInspect;
    expect(rcx).toMatchObject(others);
    expect(rcx.RepoTags.sort()).toEqual(RepoTags.sort());
    expect(rcx.Config).toEqual(without(Config, CONTAINERS));
    expect(Object.keys(rcx.Metadata)).toEqual(Object.keys(Metadata));
    // The containerd image store of docker 28 has the last one, too.
    expect(Object.keys(without(rcx, ['Descriptor']))).toEqual(Object.keys(without(docker, OBSOLETE)));
  });

  test('dates a name that is given here as docker does, and none that came along', async () => {
    const store = new ArchiveStore(scratch);
    const archive = new TarBuilder().file('a', 'x').build();
    const pieces = (async function* () {
      yield archive;
    })();
    const [start, { id }] = [Date.now(), await importImage(store.engine, pieces)];
    const lastTag = () => Date.parse(inspectImage(store.engine, store.engine.images.find(id)).Metadata.LastTagTime);
    expect(lastTag()).toBeLessThan(0);
    await store.engine.images.tag(id, parseReference('app:1'));
    expect(lastTag()).toBeGreaterThanOrEqual(start);
    const other = new ArchiveStore(scratch);
    await other.load(await store.save(['app:1']));
    expect(inspectImage(other.engine, other.engine.images.find('app:1')).Metadata.LastTagTime).toMatch(/^0001/);
    expect(execFileSync('grep', ['-c', 'io.rcx', join(store.root, 'images/index.json')]).toString()).toBe('1\n');
  });
});
