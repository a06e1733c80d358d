import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../native/packageRoot.ts';
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
  return { Version: rcxVersion(), Node: process.versions.node, Kernel: release(), Os: os, Arch: architecture };
}

/** The version of this package. */
export function rcxVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  return version;
}
