import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { containerEvent } from '../events/append.ts';
import { giveBack } from '../image/giveBack.ts';
import { addImage } from '../image/newImage.ts';
import { unpackStoredBlob } from '../image/storedBlob.ts';
import type { PackResult } from '../layer/packToFile.ts';
import { LayerPool } from '../layer/pool.ts';
import { native } from '../native/index.ts';
import { OCI_LAYER_GZIP } from '../oci/mediaTypes.ts';
import type { Reference } from '../oci/reference.ts';
import type { Descriptor } from '../oci/types.ts';
import { BlobStore } from '../store/blobs.ts';
import type { Content } from '../store/content.ts';
import type { StoredImage } from '../store/images.ts';
import { withContentLock } from '../store/lock.ts';
import { toRcxError } from '../store/nativeError.ts';
import { readManifest } from '../store/storedImage.ts';
import { changed, committedConfig } from './commitConfig.ts';
import { findContainer } from './heal.ts';
import { atStandstill } from './pause.ts';
import type { StoredContainer } from './store.ts';

export interface CommitOptions {
  /** Name of the image; without one it has only its ID. */
  reference?: Reference | undefined;
  author?: string | undefined;
  message?: string | undefined;
  /** Instructions as in a Dockerfile, `ENV A=b`, `CMD ["sh"]`. */
  changes?: readonly string[] | undefined;
  /** Stop the container's processes while its files are read; true by default. */
  pause?: boolean | undefined;
  /** Seconds since 1970 that nothing in the image is later than; `$SOURCE_DATE_EPOCH` of the command line. */
  epoch?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** An archive with nothing in it: two blocks of zeros. */
const EMPTY_ARCHIVE = 1024;

/**
 * Makes an image of a container: its image's layers, and one more of what the container has changed. What rcx itself put into
 * the container lies in the init layer and is not in it. The same changes give the same layer.
 * @param text name or id
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_UNSUPPORTED for a container without an image, ERR_RCX_INVALID_CHANGE,
 * ERR_RCX_LAYER_READ, ERR_RCX_LAYER_NAME, ERR_RCX_LAYER_XATTR, ERR_RCX_CGROUP, ERR_RCX_STORE
 */
export async function commitContainer(engine: Engine, text: string, options: CommitOptions = {}): Promise<StoredImage> {
  await engine.enter();
  const stored = await findContainer(engine, text);
  const { overlay } = stored.config.request.rcx;
  const { imageId } = stored.config;
  if (overlay === undefined || imageId === undefined) throw hasNoImage(stored);
  // A wrong instruction must not cost the reading of all files.
  const execution = changed(stored.config.execution, options.changes ?? []);
  const { signal } = options;
  const made: Content = { blobs: [], diffIds: [] };
  const commit = async () => {
    const base = engine.images.find(imageId);
    const layer = await addLayer(engine, stored, overlay, options, made);
    const blobs = new BlobStore(engine.paths);
    const { layers } = readManifest(blobs, base.manifest);
    const { args } = stored.config.request.spec.process;
    const config = committedConfig(base.config, { execution, args }, layer?.diffId, options);
    const all = layer ? [...layers, layer.descriptor] : layers;
    return await addImage(engine.paths, config, all, options.reference, made);
  };
  try {
    const image = await withContentLock(engine.paths, commit, { shared: true, signal });
    const comment = options.message ?? '';
    containerEvent(engine.paths, stored.config, 'commit', { comment, imageID: image.id });
    return image;
  } catch (error) {
    await giveBack(engine, made);
    throw error;
  }
}

interface NewLayer {
  descriptor: Descriptor;
  diffId: PackResult['diffId'];
}

/** Stores what the container has changed, as blob and as tree; `undefined` if that is nothing. */
async function addLayer(
  engine: Engine,
  stored: StoredContainer,
  overlay: { upper: string; lower: string[] },
  { pause = true, epoch, signal = new AbortController().signal }: CommitOptions,
  made: Content,
): Promise<NewLayer | undefined> {
  const writer = new BlobStore(engine.paths).writer();
  const pool = new LayerPool();
  try {
    const request = { directory: overlay.upper, file: writer.path, root: isRootChanged(engine, overlay), epoch };
    const pack = () => pool.pack(request, { signal });
    const { digest, size, diffId, archiveSize } = await (pause ? atStandstill(stored, pack, signal) : pack());
    if (archiveSize === EMPTY_ARCHIVE) return undefined;
    await unpackStoredBlob({ layers: engine.layers, pool, signal }, { path: writer.path, size }, diffId);
    made.diffIds.push(diffId);
    made.blobs.push(digest);
    writer.commit(digest);
    return { descriptor: { mediaType: OCI_LAYER_GZIP, digest, size }, diffId };
  } finally {
    await writer.dispose();
    await pool.close();
  }
}

/** Whether the container has another owner or mode for its `/` than its image. */
function isRootChanged(engine: Engine, { upper, lower }: { upper: string; lower: string[] }): boolean {
  const [, ...image] = lower;
  try {
    const now = native().UnionTree.open([upper]).find('');
    const before = engine.rootOf(image).root;
    return now?.mode !== before?.mode || now?.uid !== before?.uid || now?.gid !== before?.gid;
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_LAYER_READ');
  }
}

function hasNoImage({ config }: StoredContainer): RcxError {
  return new RcxError(`commit ${config.name}: the container runs in a directory, not on an image`, {
    code: 'ERR_RCX_UNSUPPORTED',
    step: 'commit',
    path: config.name,
    hint: 'make an image of the directory with: tar -C DIR -c . | rcx import - NAME',
  });
}
