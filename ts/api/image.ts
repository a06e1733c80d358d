import type { Platform } from '../oci/types.ts';
import type { StoredImage } from '../store/images.ts';

/** An image of the store. */
export interface Image {
  /** Digest of its config: what Docker calls its ID. */
  id: string;
  /** Its names, in full: `docker.io/library/ubuntu:latest`. */
  references: string[];
  /** Digest of its manifest, by which others can pull it. */
  digest: string;
  /** Bytes that its layers take unpacked. */
  size: number;
  platform: Platform;
  /** RFC 3339; absent where the image does not say. */
  created?: string | undefined;
}

export function imageOf({ id, references, manifest, size, config }: StoredImage): Image {
  const { os, architecture, variant, created } = config;
  const platform = { os, architecture, ...(variant !== undefined && { variant }) };
  return { id, references, digest: manifest.digest, size, platform, ...(created !== undefined && { created }) };
}
