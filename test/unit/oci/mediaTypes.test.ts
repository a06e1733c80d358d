import { describe, expect, it } from 'vitest';
import * as types from '../../../ts/oci/mediaTypes.ts';

describe('layerCompression', () => {
  it.each([
    [types.OCI_LAYER, 'none'],
    [types.OCI_LAYER_GZIP, 'gzip'],
    [types.OCI_LAYER_ZSTD, 'zstd'],
    [types.DOCKER_LAYER, 'none'],
    [types.DOCKER_LAYER_GZIP, 'gzip'],
    [types.DOCKER_LAYER_ZSTD, 'zstd'],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'gzip'],
    ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'gzip'],
  ])('%s', (type, compression) => expect(types.layerCompression(type)).toBe(compression));

  it.each([`${types.OCI_LAYER_GZIP}+encrypted`, types.OCI_CONFIG, '', '__proto__', 'toString', 'text/plain'])(
    'refuses %j',
    (type) =>
      expect(() => types.layerCompression(type)).toThrow(
        expect.objectContaining({ code: 'ERR_RCX_UNSUPPORTED_MEDIA_TYPE' }),
      ),
  );
});

describe('ociType', () => {
  it.each([
    [types.DOCKER_MANIFEST, types.OCI_MANIFEST],
    [types.DOCKER_CONFIG, types.OCI_CONFIG],
    [types.DOCKER_LAYER_GZIP, types.OCI_LAYER_GZIP],
    [
      'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    ],
    [types.OCI_LAYER, types.OCI_LAYER],
    ['__proto__', '__proto__'],
  ])('of %s is %s', (type, oci) => expect(types.ociType(type)).toBe(oci));
});
