import { quote } from '../../../oci/quote.ts';
import { canonicalReference } from '../../../oci/reference.ts';
import type { Platform } from '../../../oci/types.ts';
import { invalidArchive, unsupportedArchive } from '../errors.ts';
import { ArchiveImage, type DescribedImage } from './archiveImage.ts';
import { DOCKER_MANIFEST, imagesOfDockerManifest } from './dockerManifest.ts';
import { INDEX, readLayout } from './layout.ts';
import type { Members } from './members.ts';

/**
 * The images of an archive. Where it is an image layout and also has docker's `manifest.json`, the layout counts, because it has
 * digests of everything; but for two faults of docker's:
 *
 * - 25.0 wrote the layers of a layout's manifest in any order (moby issue 47150). Those of `manifest.json` are right.
 * - Images without a name are missing in the index beside others that have one (moby issue 51389).
 * @throws ERR_RCX_ARCHIVE_INVALID, ERR_RCX_UNSUPPORTED, ERR_RCX_INVALID_MANIFEST, ERR_RCX_PLATFORM_NOT_FOUND
 */
export async function imagesOf(members: Members, platform: Platform | undefined): Promise<ArchiveImage[]> {
  const hasLayout = members.has(INDEX);
  const hasManifest = members.has(DOCKER_MANIFEST);
  if (!hasLayout && !hasManifest) throw neither(members);
  const layout = hasLayout ? await readLayout(members, platform) : { images: [], ids: new Set<string>() };
  const docker = hasManifest ? imagesOfDockerManifest(members) : [];
  const images = [
    ...layout.images.map((image) => completed(image, docker)),
    ...docker.filter(({ manifest }) => !layout.ids.has(manifest.config.digest)),
  ];
  if (images.length === 0) throw invalidArchive('it names no image', hasLayout ? INDEX : DOCKER_MANIFEST);
  checkNames(images);
  const found: ArchiveImage[] = [];
  for (const image of images) found.push(await ArchiveImage.of(image));
  return found;
}

/** The image with what `manifest.json` knows better of it: the order of layers, and names where the index has tags only. */
function completed(image: DescribedImage, docker: readonly DescribedImage[]): DescribedImage {
  const other = docker.find(({ manifest }) => manifest.config.digest === image.manifest.config.digest);
  if (other === undefined) return image;
  const names = image.names.length > 0 ? image.names : other.names;
  return { ...(layersOf(other) === layersOf(image) ? image : other), names };
}

function layersOf({ manifest }: DescribedImage): string {
  return manifest.layers.map(({ digest }) => digest).join();
}

/** What a name means must not depend on who reads the archive. */
function checkNames(images: readonly DescribedImage[]): void {
  const ids = new Map<string, string>();
  for (const { names, manifest } of images) {
    for (const name of names.map(canonicalReference)) {
      const { digest } = manifest.config;
      if (ids.has(name) && ids.get(name) !== digest) {
        throw invalidArchive(`the archive gives the name ${quote(name)} to several images`);
      }
      ids.set(name, digest);
    }
  }
}

function neither(members: Members) {
  if (members.has('repositories')) {
    return unsupportedArchive(
      'the archive is of the format before docker 1.10, which has no manifest.json',
      'load and save it once with a docker up to 28.',
    );
  }
  return unsupportedArchive(
    'the archive has neither index.json nor manifest.json, so it is not one of images',
    'give an archive that rcx save, docker save, podman save or skopeo wrote; a root file system is for: rcx import',
  );
}
