import { release } from 'node:os';
import { packageVersion } from '../native/packageVersion.ts';
import { hostPlatform } from '../oci/platform.ts';

/** What `rcx version` tells. */
export interface VersionInfo {
  Version: string;
  Node: string;
  Kernel: string;
  Os: string;
  /** As images name it: `amd64`, `arm64`. */
  Arch: string;
}

export function versionInfo(): VersionInfo {
  const { os, architecture } = hostPlatform();
  return { Version: packageVersion(), Node: process.versions.node, Kernel: release(), Os: os, Arch: architecture };
}

export { packageVersion as rcxVersion } from '../native/packageVersion.ts';
