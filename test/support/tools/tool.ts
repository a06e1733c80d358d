import type { Tree } from '../tree.ts';
import type { Format } from './matrix.ts';

/** What a tool made, and where: as its own transports name it. */
export interface Written {
  tree: Tree;
  /** Writes it to `host/name:tag`, or to a file. */
  to(format: Format, destination: string): Promise<void>;
}

/** A tool that reads images and makes one. */
export interface ImageTool {
  /** The files that it sees in an image of rcx. */
  read(format: Format, source: string): Promise<Tree>;
  /** Makes an image of one in a registry. */
  write(base: string): Promise<Written>;
  close(): Promise<void>;
}

/** `docker://…`, `oci-archive:…`, as skopeo, buildah and podman name places. */
export function place(format: Format, where: string): string {
  if (format === 'registry') return `docker://${where}`;
  return `${format === 'store' ? 'oci' : format}:${where}`;
}
