/** Packages that few calls need: each gets a file of its own, which is read when something of it is used. */

/** @param {string} folder relative path to their files */
export const apartIn = (folder) => ({
  name: 'apart',
  setup(builder) {
    builder.onResolve({ filter: /^(execa|tar)$/ }, ({ path: name, kind }) =>
      kind === 'entry-point' ? undefined : { path: `${folder}/${name}.cjs`, external: true },
    );
  },
});

const LAZY_MODULES = [
  'child_process',
  'crypto',
  'fs/promises',
  'http',
  'https',
  'module',
  'net',
  'os',
  'stream',
  'timers/promises',
  'tls',
  'worker_threads',
  'zlib',
];

/**
 * Modules of Node that take long to load are loaded when something of them is used. A proxy stands for each: a getter for every name
 * that a module exports would itself take as long as some of the modules.
 */
export const lazyModules = {
  name: 'lazy-modules',
  setup(builder) {
    builder.onResolve({ filter: /^(node:)?[a-z_/]+$/ }, ({ path: name, namespace }) => {
      const bare = name.replace(/^node:/, '');
      // What the stand-in itself requires is the real one.
      if (namespace === 'lazy' || !LAZY_MODULES.includes(bare)) return undefined;
      return { path: bare, namespace: 'lazy' };
    });
    builder.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path: name }) => {
      const get = `get: (_, key) => require(${JSON.stringify(`node:${name}`)})[key]`;
      // esbuild copies own properties and keeps the prototype. What it asks for itself must not load the module.
      return {
        contents: `module.exports = Object.create(new Proxy({}, { ${get} }), { __esModule: { value: false } });`,
      };
    });
  },
};
