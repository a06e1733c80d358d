export type { FetchedManifest } from './manifest.ts';
export { type FetchBlobOptions, type FetchOptions, Registry, type RegistryOptions } from './registry.ts';
