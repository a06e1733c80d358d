import { readFileSync } from 'node:fs';

/** The oldest glibc that published packages run with: that of Debian 11 and Ubuntu 20.04. */
export const GLIBC_FLOOR = '2.31';

const CPUS = { x86_64: 'x64', aarch64: 'arm64' };

/**
 * @typedef {object} Target
 * @property {string} triple as rustc names it
 * @property {string} name of the package without its scope: `linux-x64-gnu`
 * @property {string} cpu as npm names it
 * @property {'gnu' | 'musl'} libc
 */

/** @returns {Target[]} what rcx is published for, as `napi.targets` of package.json says */
export function targets() {
  const { napi } = JSON.parse(readFileSync('package.json', 'utf8'));
  return napi.targets.map((triple) => {
    const [machine, , , libc] = triple.split('-');
    const cpu = CPUS[machine];
    return { triple, cpu, libc, name: `linux-${cpu}-${libc}` };
  });
}

/** @returns {Record<string, unknown>} the package.json of a target's package */
export function platformManifest({ name, cpu, libc }, root) {
  return {
    name: `@rcx/${name}`,
    version: root.version,
    description: `The native parts of rcx for ${name}`,
    license: root.license,
    ...(root.repository && { repository: root.repository }),
    os: ['linux'],
    cpu: [cpu],
    libc: [libc === 'gnu' ? 'glibc' : 'musl'],
    engines: root.engines,
    preferUnplugged: true,
    files: [addonOf({ name }), 'rcx-init', 'rcx-runtime', 'NOTICE'],
    publishConfig: { access: 'public' },
  };
}

/**
 * What `rcx` depends on is in its bundles: as it is published it needs its platform package and nothing else.
 *
 * @returns {Record<string, unknown>} the package.json of `rcx` as it is published
 */
export function publishedManifest(root) {
  const { private: _, napi, scripts, dependencies, devDependencies, ...published } = root;
  const optionalDependencies = Object.fromEntries(targets().map(({ name }) => [`@rcx/${name}`, root.version]));
  // Plug'n'Play keeps packages in archives, which neither threads nor the cache of compiled code can use.
  return { ...published, preferUnplugged: true, optionalDependencies };
}

export function addonOf({ name }) {
  return `rcx.${name}.node`;
}
