import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RcxError } from '../../../ts/errors.ts';
import * as types from '../../../ts/oci/mediaTypes.ts';
import { parseImageConfig, parseLayoutIndex, parseManifest } from '../../../ts/oci/parse.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const CONFIG = { mediaType: types.OCI_CONFIG, digest: DIGEST, size: 7 };
const LAYER = { mediaType: types.OCI_LAYER_GZIP, digest: DIGEST, size: 9 };
const MANIFEST = { schemaVersion: 2, mediaType: types.OCI_MANIFEST, config: CONFIG, layers: [LAYER] };
const INDEX = {
  schemaVersion: 2,
  mediaType: types.OCI_INDEX,
  manifests: [
    { mediaType: types.OCI_MANIFEST, digest: DIGEST, size: 5, platform: { os: 'linux', architecture: 'amd64' } },
  ],
};

const bytes = (document: unknown): Buffer => Buffer.from(JSON.stringify(document));

describe('parseManifest', () => {
  it('reads a manifest and an index', () => {
    expect(parseManifest(bytes(MANIFEST), types.OCI_MANIFEST)).toEqual({ kind: 'manifest', manifest: MANIFEST });
    expect(parseManifest(bytes(INDEX), `${types.OCI_INDEX}; charset=utf-8`)).toEqual({ kind: 'index', index: INDEX });
  });

  it.each([types.DOCKER_MANIFEST, types.OCI_MANIFEST])(
    'reads a manifest without mediaType as the %s it is served as',
    (type) => {
      const { mediaType: _, ...document } = MANIFEST;
      expect(parseManifest(bytes(document), type)).toMatchObject({ kind: 'manifest', manifest: { mediaType: type } });
    },
  );

  it.each([undefined, '', 'application/json', 'text/plain; charset=utf-8', 'application/octet-stream'])(
    'recognises what is served as %j',
    (type) => {
      expect(parseManifest(bytes(MANIFEST), type).kind).toBe('manifest');
      expect(parseManifest(bytes({ ...INDEX, mediaType: undefined }), type).kind).toBe('index');
      expect(parseManifest(bytes({ ...MANIFEST, mediaType: undefined }), type).kind).toBe('manifest');
    },
  );

  it('takes null for what is absent, as Go writes it', () => {
    const document = { ...MANIFEST, annotations: null, subject: null, layers: [{ ...LAYER, urls: null }] };
    expect(parseManifest(bytes(document))).toEqual({ kind: 'manifest', manifest: MANIFEST });
    const list = { schemaVersion: 2, mediaType: types.DOCKER_INDEX, manifests: null };
    expect(parseManifest(bytes(list))).toMatchObject({ index: { manifests: [] } });
  });

  it.each([
    ['layers in an index', { ...INDEX, layers: [LAYER] }, types.OCI_INDEX, 'both "manifests" and'],
    [
      'manifests in a manifest',
      { ...MANIFEST, manifests: INDEX.manifests },
      types.OCI_MANIFEST,
      'both "manifests" and',
    ],
    ['a manifest served as an index', { ...MANIFEST, mediaType: undefined }, types.OCI_INDEX, 'is of type'],
    ['an index served as a manifest', { ...INDEX, mediaType: undefined }, types.OCI_MANIFEST, 'is of type'],
    ['another type than served', MANIFEST, types.DOCKER_MANIFEST, 'was served as'],
  ])('refuses a document of two readings: %s', (_name, document, type, message) => {
    expect(() => parseManifest(bytes(document), type)).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_MANIFEST', message: expect.stringContaining(message) }),
    );
  });

  it.each([
    [{ ...MANIFEST, layers: undefined }, '"layers" is missing'],
    [{ ...MANIFEST, layers: {} }, '"layers" is not a list'],
    [{ ...MANIFEST, layers: [LAYER, 3] }, '"layers[1]" is not an object'],
    [{ ...MANIFEST, layers: [{ ...LAYER, size: -1 }] }, '"layers[0].size" is negative'],
    [{ ...MANIFEST, layers: [{ ...LAYER, size: 1.5 }] }, '"layers[0].size" is not a whole number'],
    [{ ...MANIFEST, layers: [{ ...LAYER, size: 2 ** 60 }] }, '"layers[0].size" is not a whole number'],
    [{ ...MANIFEST, layers: [{ ...LAYER, size: '9' }] }, '"layers[0].size" is not a whole number'],
    [{ ...MANIFEST, layers: [{ ...LAYER, digest: 'sha256:../../etc/passwd' }] }, '"layers[0].digest" is'],
    [{ ...MANIFEST, layers: [{ ...LAYER, mediaType: 'x\r\ny' }] }, 'not a media type'],
    [{ ...MANIFEST, layers: Array(501).fill(LAYER) }, 'more than the 500 allowed'],
    [{ ...MANIFEST, schemaVersion: 3 }, 'schemaVersion 3'],
    [{ ...MANIFEST, schemaVersion: undefined }, '"schemaVersion" is missing'],
    [{ ...MANIFEST, annotations: { a: 1 } }, '"annotations.a" is not a string'],
    [{ ...INDEX, manifests: undefined }, '"manifests" is missing'],
    [[], 'the document is not an object'],
    [null, 'the document is not an object'],
    ['x', 'the document is not an object'],
    [{}, 'neither an image manifest nor an index'],
  ])('names what is wrong: %#', (document, message) => {
    expect(() => parseManifest(bytes(document))).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_MANIFEST', message: expect.stringContaining(message) }),
    );
  });

  it.each(['<html>', '', '{', '\ufeff{}', '[[[['.repeat(100_000)])('refuses what is not JSON: %#', (text) => {
    expect(() => parseManifest(Buffer.from(text), 'text/html')).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_MANIFEST', message: expect.stringContaining('not JSON') }),
    );
  });

  it('refuses bytes that are not UTF-8', () => {
    const broken = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(() => parseManifest(broken)).toThrow(/not JSON/);
  });

  it.each([
    ['application/vnd.docker.distribution.manifest.v1+prettyjws', { schemaVersion: 1, fsLayers: [] }],
    ['application/vnd.docker.distribution.manifest.v1+json', { schemaVersion: 1, fsLayers: [] }],
    ['application/json', { schemaVersion: 1, name: 'x' }],
    [undefined, { fsLayers: [] }],
  ])('says that Docker schema 1 is not supported (%s)', (type, document) => {
    expect(() => parseManifest(bytes(document), type)).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_UNSUPPORTED_MEDIA_TYPE', message: expect.stringContaining('schema 1') }),
    );
  });

  it('refuses other kinds of document by name', () => {
    const other = { ...MANIFEST, mediaType: 'application/vnd.oci.artifact.manifest.v1+json' };
    for (const type of [undefined, other.mediaType]) {
      expect(() => parseManifest(bytes(other), type)).toThrow(
        expect.objectContaining({ code: 'ERR_RCX_UNSUPPORTED_MEDIA_TYPE', path: other.mediaType }),
      );
    }
  });

  it('fails in one way only, whatever it is given', () => {
    const wild = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      fc.uint8Array().map((raw) => Buffer.from(raw)),
    );
    const nearly = fc
      .record({ layers: fc.jsonValue(), config: fc.jsonValue(), manifests: fc.jsonValue() }, { requiredKeys: [] })
      .map((parts) => bytes({ ...MANIFEST, ...parts }));
    fc.assert(
      fc.property(fc.oneof(wild, nearly), (raw) => {
        try {
          parseManifest(raw);
        } catch (error) {
          expect(error).toBeInstanceOf(RcxError);
        }
      }),
    );
  });
});

describe('parseImageConfig', () => {
  const IMAGE = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [DIGEST] } };

  it('reads what Docker and BuildKit write', () => {
    const config = {
      User: '1000:1000',
      ExposedPorts: { '80/tcp': {} },
      Env: ['PATH=/bin', 'EMPTY='],
      Entrypoint: ['/entry'],
      Cmd: ['a'],
      Volumes: { '/data': {} },
      WorkingDir: '/',
      Labels: { a: 'b' },
      StopSignal: 'SIGINT',
      StopTimeout: 3,
      Healthcheck: { Test: ['CMD', 'x'], Interval: 1_000_000_000, Retries: 3 },
      Shell: ['/bin/sh', '-c'],
    };
    const history = [{ created_by: 'RUN x', empty_layer: true }];
    const image = { ...IMAGE, variant: 'v8', created: '2026-01-01T00:00:00Z', config, history };
    expect(parseImageConfig(bytes(image))).toEqual(image);
  });

  it('takes null for absent and leaves out what nobody defined', () => {
    const written = {
      ...IMAGE,
      config: { Entrypoint: null, Env: null, Volumes: null, Hostname: 'x' },
      history: null,
      foo: 1,
    };
    expect(parseImageConfig(bytes(written))).toEqual({ ...IMAGE, config: {} });
    expect(parseImageConfig(bytes({ ...IMAGE, rootfs: { type: 'layers', diff_ids: null } })).rootfs.diff_ids).toEqual(
      [],
    );
  });

  it('does not let a label change a prototype', () => {
    const text = JSON.stringify({ ...IMAGE, config: { Labels: { marker: 'x' } } }).replace('marker', '__proto__');
    const labels = parseImageConfig(Buffer.from(text)).config?.Labels ?? {};
    expect(Object.getPrototypeOf(labels)).toBe(Object.prototype);
    expect(Object.keys(labels)).toEqual(['__proto__']);
  });

  it.each([
    [{ ...IMAGE, os: undefined }, '"os" is missing'],
    [{ ...IMAGE, rootfs: { type: 'tar', diff_ids: [] } }, '"rootfs" has a type other than'],
    [{ ...IMAGE, rootfs: { type: 'layers', diff_ids: ['x'] } }, '"rootfs.diff_ids[0]" is "x"'],
    [{ ...IMAGE, config: { Env: 'A=b' } }, '"config.Env" is not a list'],
    [{ ...IMAGE, config: { Cmd: [1] } }, '"config.Cmd[0]" is not a string'],
    [{ ...IMAGE, config: { Env: ['A=\0LD_PRELOAD=x'] } }, '"config.Env[0]" contains a NUL'],
    [{ ...IMAGE, config: { ExposedPorts: { '80/tcp': 1 } } }, 'is not an object'],
    [{ ...IMAGE, history: [{ empty_layer: 'yes' }] }, '"history[0].empty_layer" is not true or false'],
  ])('names what is wrong: %#', (document, message) => {
    expect(() => parseImageConfig(bytes(document))).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_MANIFEST', message: expect.stringContaining(message) }),
    );
  });
});

describe('parseLayoutIndex', () => {
  const parse = (value: unknown) => parseLayoutIndex(Buffer.from(JSON.stringify(value)));
  const manifest = { mediaType: types.OCI_MANIFEST, digest: `sha256:${'0'.repeat(64)}`, size: 1 };

  it('gives its entries, none where docker 25.0 wrote null', () => {
    expect(parse({ schemaVersion: 2, manifests: [manifest] })).toEqual([manifest]);
    expect(parse({ schemaVersion: 2, mediaType: types.OCI_INDEX, manifests: null })).toEqual([]);
  });

  it.each([
    [[], /not an object/],
    [{}, /"schemaVersion" is missing/],
    [{ schemaVersion: 2, manifests: [{}] }, /"manifests\[0\]\.mediaType" is missing/],
    [{ schemaVersion: 2, mediaType: types.OCI_MANIFEST, manifests: [] }, /unsupported manifest media type/],
  ])('refuses %j', (value, message) => expect(() => parse(value)).toThrow(message));
});
