import type { Engine } from '../engine.ts';
import { familiarName, familiarReference, parseReference } from '../oci/reference.ts';
import type { ExecutionConfig } from '../oci/types.ts';
import type { StoredImage } from '../store/images.ts';

/** An image as `docker image inspect` describes it; the field names are Docker's. */
export interface ImageInspect {
  /** Digest of the config. */
  Id: string;
  /** `ubuntu:latest`. */
  RepoTags: string[];
  /** `ubuntu@sha256:…`, by what the registry serves. */
  RepoDigests: string[];
  /** RFC 3339; empty when the image does not say. */
  Created: string;
  Author: string;
  Comment: string;
  Architecture: string;
  Variant?: string;
  Os: string;
  OsVersion?: string;
  /** Bytes of file content of all layers together. */
  Size: number;
  Config: ExecutionConfig;
  /** Host directories of the layers, topmost first as overlay wants them. */
  GraphDriver: { Name: 'overlay'; Data: { LowerDir: string } };
  /** Diff IDs, base layer first. */
  RootFS: { Type: 'layers'; Layers: string[] };
  /** The manifest, as the store's index describes it. */
  Descriptor: { mediaType: string; digest: string; size: number };
}

/** Describes an image from its record; nothing of its layers is read. */
export function inspectImage(engine: Pick<Engine, 'layersOf'>, image: StoredImage): ImageInspect {
  const { config, manifest } = image;
  const references = image.references.map(parseReference);
  return {
    Id: image.id,
    RepoTags: references.filter(({ tag }) => tag !== undefined).map(familiarReference),
    RepoDigests: image.repoDigests.map(parseReference).map((each) => `${familiarName(each)}@${each.digest}`),
    Created: config.created ?? '',
    Author: config.author ?? '',
    Comment: config.history?.at(-1)?.comment ?? '',
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    ...(config['os.version'] === undefined ? {} : { OsVersion: config['os.version'] }),
    Size: image.size,
    Config: config.config ?? {},
    GraphDriver: { Name: 'overlay', Data: { LowerDir: engine.layersOf(image).join(':') } },
    RootFS: { Type: 'layers', Layers: image.diffIds },
    Descriptor: { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.size },
  };
}
