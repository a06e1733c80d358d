import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { fs } from 'zx';
import { interrupted } from '../interrupt.mjs';

const GZIP_LEVEL = 6; // What docker, podman and buildah use when they push.
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };

/** Passes bytes through and knows their digest and count afterwards. */
function tally() {
  const hash = createHash('sha256');
  const stream = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      stream.size += chunk.length;
      done(null, chunk);
    },
  });
  stream.size = 0;
  return { stream, result: () => ({ digest: `sha256:${hash.digest('hex')}`, size: stream.size }) };
}

async function addLayer(directory, tar) {
  const plain = tally();
  const packed = tally();
  const temporary = join(directory, `${createHash('sha256').update(tar).digest('hex')}.tmp`);
  const steps = [createReadStream(tar), plain.stream, createGzip({ level: GZIP_LEVEL }), packed.stream];
  await pipeline(...steps, createWriteStream(temporary), { signal: interrupted });
  const { digest, size } = packed.result();
  await fs.move(temporary, blobPath(directory, digest), { overwrite: true });
  return { diffId: plain.result().digest, descriptor: descriptorOf('layer.v1.tar+gzip', digest, size) };
}

async function addJson(directory, kind, value) {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  await fs.outputFile(blobPath(directory, digest), bytes);
  return descriptorOf(kind, digest, bytes.length);
}

const descriptorOf = (kind, digest, size) => ({ mediaType: `application/vnd.oci.image.${kind}`, digest, size });
const blobPath = (directory, digest) => join(directory, 'blobs', ...digest.split(':'));

/**
 * Writes an OCI image layout (image-spec v1) of one image whose layers are `tars`, lowest first, compressed with gzip.
 * @returns {Promise<object[]>} the layers' descriptors
 */
export async function writeLayout(directory, tars) {
  await fs.emptyDir(directory);
  await fs.ensureDir(join(directory, 'blobs/sha256'));
  const layers = await Promise.all(tars.map((tar) => addLayer(directory, tar)));
  const config = await addJson(directory, 'config.v1+json', {
    architecture: ARCHITECTURES[process.arch],
    os: 'linux',
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['bash'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
  });
  const descriptors = layers.map((layer) => layer.descriptor);
  const manifest = await addJson(directory, 'manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers: descriptors,
  });
  const tagged = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'latest' } };
  await fs.outputJson(join(directory, 'index.json'), { schemaVersion: 2, manifests: [tagged] });
  await fs.outputJson(join(directory, 'oci-layout'), { imageLayoutVersion: '1.0.0' });
  return descriptors;
}
