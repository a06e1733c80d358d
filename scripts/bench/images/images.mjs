import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fs } from 'zx';
import { whenChanged } from '../../lib/stamp.mjs';
import { sh } from '../processes.mjs';
import { writeLayout } from './layout.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const SUITE = 'bookworm';
const DEBIAN_ARCH = { x64: 'amd64', arm64: 'arm64' }[process.arch];
/** What the slim images of Debian leave out too. */
const SLIM = ['doc', 'man', 'locale'].map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`);

/** Each image's layers as lists of packages, lowest first; the empty list is the base system. */
const RECIPES = {
  base: [[]],
  large: [
    [],
    ['ca-certificates', 'curl'],
    ['python3'],
    ['git'],
    ['build-essential', 'clang-14', 'golang-1.19-src', 'libboost1.74-dev', `linux-headers-${DEBIAN_ARCH}`],
  ],
};

async function bootstrap(directory, layers) {
  const tars = layers.map((_, index) => join(directory, `${index + 1}.tar`));
  const hooks = layers.map((packages, index) => {
    const words = [join(HERE, 'stage.sh'), '"$1"', tars[index], ...packages];
    return `--customize-hook=${words.join(' ')}`;
  });
  await fs.emptyDir(directory);
  await sh`mmdebstrap --quiet --variant=minbase --format=null ${SLIM} ${hooks} ${SUITE} -`;
  return tars;
}

async function build(name, directory, host) {
  const rootfs = join(directory, 'rootfs');
  const layout = join(directory, 'layout');
  const tars = await bootstrap(join(directory, 'tars'), RECIPES[name]);
  const layers = await writeLayout(layout, tars);
  await fs.emptyDir(rootfs);
  for (const tar of tars) await sh`tar --extract --xattrs --numeric-owner --directory ${rootfs} --file ${tar}`;
  const facts = {
    layers: layers.map((layer) => layer.size),
    compressedBytes: layers.reduce((sum, layer) => sum + layer.size, 0),
    unpackedBytes: Number((await sh`du --summarize --block-size=1 ${rootfs}`).stdout.split('\t')[0]),
    entries: (await sh`find ${rootfs}`).lines().length,
  };
  await sh`skopeo copy --quiet --dest-tls-verify=false oci:${layout}:latest docker://${host}/bench/${name}:latest`;
  await fs.outputJson(join(directory, 'facts.json'), facts, { spaces: 2 });
  for (const part of ['tars', 'layout']) await fs.remove(join(directory, part));
  // The registry has the large image's bytes; only the base image is also needed unpacked.
  if (name !== 'base') await fs.remove(rootfs);
}

/**
 * Makes an image once and keeps it: in the registry, and (the base image) as the directory `rootfs`.
 * @param {'base' | 'large'} name
 * @returns {Promise<{ reference: string, rootfs: string, facts: object }>}
 */
export async function provideImage(name, { cache, host, say }) {
  const directory = join(cache, 'images', name);
  const variant = createHash('sha256')
    .update(JSON.stringify([RECIPES[name], SLIM, SUITE]))
    .digest('hex');
  await whenChanged({
    stamp: join(directory, 'stamp'),
    inputs: ['stage.sh', 'layout.mjs'].map((file) => join(HERE, file)),
    variant,
    outputs: [join(directory, 'facts.json'), join(cache, `registry/docker/registry/v2/repositories/bench/${name}`)],
    run: async () => {
      say(`making the ${name} image with mmdebstrap (${SUITE}), once; it is kept in ${directory}`);
      await build(name, directory, host);
    },
  });
  return {
    reference: `${host}/bench/${name}`,
    rootfs: join(directory, 'rootfs'),
    facts: await fs.readJson(join(directory, 'facts.json')),
  };
}
