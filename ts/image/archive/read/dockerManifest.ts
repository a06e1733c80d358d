import { JsonNode, listOf, type Reader, string } from '../../../oci/json.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST } from '../../../oci/mediaTypes.ts';
import type { Descriptor, ImageManifest } from '../../../oci/types.ts';
import { documentOf } from '../../newImage.ts';
import { invalidArchive, unsupportedArchive } from '../errors.ts';
import type { DescribedImage } from './archiveImage.ts';
import { compressionOf } from './compression.ts';
import type { FileMember, Members } from './members.ts';
import { nameOf } from './names.ts';

/** What `docker save` describes its images in since version 1.10; there is no specification but its source. */
export const DOCKER_MANIFEST = 'manifest.json';

const MOST_BYTES = 8 * 1024 * 1024;
/** overlayfs refuses more than 500 lower directories. */
const MOST_LAYERS = 500;
const MOST_IMAGES = 10_000;

/** An image of `manifest.json`: paths of members. */
interface Item {
  config: string;
  tags: string[];
  layers: string[];
}

const item: Reader<Item> = (node) => ({
  config: node.required('Config', string),
  tags: node.optional('RepoTags', listOf(string)) ?? [],
  layers: node.optional('Layers', listOf(string, MOST_LAYERS)) ?? [],
});

/**
 * The images that `manifest.json` names. Their manifests are made here, of the config and the layers as they lie in the archive:
 * docker's format has none.
 * @throws ERR_RCX_ARCHIVE_INVALID; ERR_RCX_UNSUPPORTED for layers compressed by bzip2 or xz; ERR_RCX_INVALID_REFERENCE
 */
export function imagesOfDockerManifest(members: Members): DescribedImage[] {
  const bytes = members.document(DOCKER_MANIFEST, MOST_BYTES, 'the format');
  return listOf(item, MOST_IMAGES)(parse(bytes)).map((each) => describe(members, each));
}

function parse(bytes: Buffer): JsonNode {
  const failure = (problem: string) => invalidArchive(problem, DOCKER_MANIFEST);
  try {
    return new JsonNode(JSON.parse(bytes.toString('utf8')), failure);
  } catch {
    throw failure('it is not JSON');
  }
}

function describe(members: Members, { config, tags, layers }: Item): DescribedImage {
  const files = [config, ...layers].map((path) => members.file(path, DOCKER_MANIFEST));
  const [configFile, ...layerFiles] = files as [FileMember, ...FileMember[]];
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: configFile.digest, size: configFile.size },
    layers: layerFiles.map(layerOf),
  };
  const byDigest = new Map(files.map((file) => [file.digest, file]));
  return {
    names: tags.map((tag) => nameOf(tag, DOCKER_MANIFEST)),
    document: documentOf(OCI_MANIFEST, manifest),
    manifest,
    find: async ({ digest }) => byDigest.get(digest) as FileMember,
  };
}

function layerOf(file: FileMember): Descriptor {
  const compression = compressionOf(file.head);
  if (compression === 'bzip2' || compression === 'xz') {
    const hint = 'load the image with docker or podman and save it again.';
    throw unsupportedArchive(`the layer is compressed by ${compression}, which rcx does not read`, hint, file.name);
  }
  return { mediaType: LAYER_TYPES[compression], digest: file.digest, size: file.size };
}

const LAYER_TYPES = { none: OCI_LAYER, gzip: OCI_LAYER_GZIP, zstd: OCI_LAYER_ZSTD } as const;
