import type { Engine } from '../engine.ts';
import { familiarName, familiarReference, parseReference } from '../oci/reference.ts';
import type { ExecutionConfig } from '../oci/types.ts';
import type { StoredImage } from '../store/images.ts';

/** What Docker shows of every image, whether it has it or not. */
type AlwaysShown = 'Env' | 'Cmd' | 'Volumes' | 'Entrypoint' | 'OnBuild' | 'Labels';
type InspectExecution = Omit<ExecutionConfig, AlwaysShown> & {
  [Name in AlwaysShown]: NonNullable<ExecutionConfig[Name]> | null;
};

/** An image as `docker image inspect` describes it; the field names are Docker's. */
export interface ImageInspect {
  /** Digest of the config. */
  Id: string;
  /** `ubuntu:latest`. */
  RepoTags: string[];
  /** `ubuntu@sha256:…`, by what the registry serves. */
  RepoDigests: string[];
  /** Always empty, as Docker's is for an image that it did not build itself: images of rcx are not made of one another. */
  Parent: '';
  Comment: string;
  /** RFC 3339; empty when the image does not say. */
  Created: string;
  /** Version of the Docker that made the image; empty for any other tool's. */
  DockerVersion: string;
  Author: string;
  Config: InspectExecution;
  Architecture: string;
  Variant?: string;
  Os: string;
  OsVersion?: string;
  /** Bytes of file content of all layers together. */
  Size: number;
  /** Host directories of the layers: the topmost, and the others as overlay wants them, topmost first. */
  GraphDriver: { Name: 'overlay'; Data: { LowerDir?: string; UpperDir?: string } };
  /** Diff IDs, base layer first. */
  RootFS: { Type: 'layers'; Layers: string[] };
  Metadata: { LastTagTime: string };
  /** The manifest, as the store's index describes it. */
  Descriptor: { mediaType: string; digest: string; size: number };
}

/** Docker's way to say never. */
const NEVER = '0001-01-01T00:00:00Z';

/** Describes an image from its record; nothing of its layers is read. */
export function inspectImage(engine: Pick<Engine, 'layersOf'>, image: StoredImage): ImageInspect {
  const { config, manifest } = image;
  const references = image.references.map(parseReference);
  return {
    Id: image.id,
    RepoTags: references.filter(({ tag }) => tag !== undefined).map(familiarReference),
    RepoDigests: image.repoDigests.map(parseReference).map((each) => `${familiarName(each)}@${each.digest}`),
    Parent: '',
    Comment: config.history?.at(-1)?.comment ?? '',
    Created: config.created ?? '',
    DockerVersion: config.docker_version ?? '',
    Author: config.author ?? '',
    Config: inspectExecution(config.config ?? {}),
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    ...(config['os.version'] === undefined ? {} : { OsVersion: config['os.version'] }),
    Size: image.size,
    GraphDriver: { Name: 'overlay', Data: directories(engine.layersOf(image)) },
    RootFS: { Type: 'layers', Layers: image.diffIds },
    Metadata: { LastTagTime: image.lastTagged ?? NEVER },
    Descriptor: { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.size },
  };
}

function inspectExecution(execution: ExecutionConfig): InspectExecution {
  const empty = { Env: null, Cmd: null, Volumes: null, WorkingDir: '', Entrypoint: null, OnBuild: null, Labels: null };
  return { User: '', ...empty, ...execution };
}

function directories([upper, ...lower]: readonly string[]): ImageInspect['GraphDriver']['Data'] {
  return {
    ...(lower.length > 0 && { LowerDir: lower.join(':') }),
    ...(upper !== undefined && { UpperDir: upper }),
  };
}
