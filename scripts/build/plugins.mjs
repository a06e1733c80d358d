/** An ES module only, which Node before 22.12 cannot require: it gets a file of its own. */
export const execaAt = (place) => ({
  name: 'execa-at',
  setup(builder) {
    builder.onResolve({ filter: /^execa$/ }, () => ({ path: place, external: true }));
  },
});

const LAZY_MODULES = [
  'child_process',
  'crypto',
  'fs/promises',
  'http',
  'https',
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
