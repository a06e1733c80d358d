import { $, fs, which } from 'zx';
import { addonOf, GLIBC_FLOOR } from '../lib/targets.mjs';

const run$ = $({ verbose: true, stdio: ['ignore', 2, 2] });
const TARGET_DIR = 'target/cross';

/**
 * Why a target cannot be built here; `undefined` where it can. cargo-zigbuild links for other processors, for musl, and for a glibc
 * older than this machine's.
 */
export async function cannotBuild({ triple }) {
  if ((await which('cargo-zigbuild', { nothrow: true })) === null)
    return 'needs cargo-zigbuild, which brings the linker';
  const { stdout } = await $({ nothrow: true, quiet: true })`rustup target list --installed`;
  return stdout.split('\n').includes(triple) ? undefined : `needs its standard library: rustup target add ${triple}`;
}

/** Builds the three native files of a target into a folder. */
export async function buildFor(target, folder) {
  const { triple, libc } = target;
  const linked = libc === 'gnu' ? `${triple}.${GLIBC_FLOOR}` : triple;
  const cargo = async (rustflags, words) => {
    const env = { ...process.env, RUSTFLAGS: rustflags };
    await run$({ env })`cargo-zigbuild zigbuild ${words} --target ${linked} --target-dir ${TARGET_DIR}`;
  };
  // An addon is loaded by a Node that has its C library already.
  await cargo(libc === 'musl' ? '-C target-feature=-crt-static' : '', ['--release', '-p', 'rcx-node']);
  await fs.copy(`${TARGET_DIR}/${triple}/release/librcx_node.so`, `${folder}/${addonOf(target)}`);
  await buildStatic(target, folder, cargo);
}

/** Static binaries need no C library of the machine: musl's is in those of both packages of a processor. */
async function buildStatic({ triple }, folder, cargo) {
  await cargo('-C target-feature=+crt-static -C relocation-model=static', [
    '--profile',
    'runtime',
    '-p',
    'rcx-runtime',
  ]);
  for (const name of ['rcx-init', 'rcx-runtime'])
    await fs.copy(`${TARGET_DIR}/${triple}/runtime/${name}`, `${folder}/${name}`);
}

/** The highest version of glibc that a file asks for. */
export async function glibcOf(file) {
  const { stdout } = await $({ quiet: true })`readelf --wide --version-info ${file}`;
  const versions = [...stdout.matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [
    Number(major),
    Number(minor),
  ]);
  const [highest] = versions.sort((a, b) => b[0] - a[0] || b[1] - a[1]);
  return highest?.join('.');
}
