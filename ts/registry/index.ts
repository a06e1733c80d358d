export type { FetchedManifest } from './manifest.ts';
export type { FetchBlobOptions, FetchOptions, RegistryOptions, Repository } from './options.ts';
export { Registry } from './registry.ts';
