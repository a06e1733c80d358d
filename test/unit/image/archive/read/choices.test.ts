import { describe, expect, it } from 'vitest';
import { choicesOf, isImage } from '../../../../../ts/image/archive/read/choices.ts';
import { OCI_MANIFEST } from '../../../../../ts/oci/mediaTypes.ts';
import { canonicalReference } from '../../../../../ts/oci/reference.ts';
import type { Descriptor } from '../../../../../ts/oci/types.ts';

function entry(digit: string, more: { name?: string; architecture?: string } = {}): Descriptor {
  const { name, architecture } = more;
  return {
    ...{ mediaType: OCI_MANIFEST, digest: `sha256:${digit.repeat(64)}`, size: 1 },
    ...(name !== undefined && { annotations: { 'io.containerd.image.name': name } }),
    ...(architecture !== undefined && { platform: { os: 'linux', architecture } }),
  };
}

/** Names and first digits. */
const short = (entries: Descriptor[]) =>
  choicesOf(entries, 'index.json').map(({ name, entries: found }) => [
    name === undefined ? '' : canonicalReference(name),
    found.map(({ digest }) => digest.charAt('sha256:'.length)).join(''),
  ]);

describe('choicesOf', () => {
  it('makes an image of each entry, by name or without', () => {
    const [app, tool] = ['docker.io/library/app:latest', 'localhost/tool:1'];
    expect(short([entry('1', { name: app }), entry('2', { name: tool })])).toEqual([
      [app, '1'],
      [tool, '2'],
    ]);
    expect(short([entry('1'), entry('2')])).toEqual([
      ['', '1'],
      ['', '2'],
    ]);
  });

  it('takes those that are for different platforms for one', () => {
    const name = 'docker.io/library/app:latest';
    const [amd64, arm64] = ['amd64', 'arm64'].map((architecture) => ({ architecture }));
    expect(short([entry('1', { name, ...amd64 }), entry('2', { name, ...arm64 })])).toEqual([[name, '12']]);
    expect(short([entry('1', amd64), entry('2', arm64)])).toEqual([['', '12']]);
    // x86_64 and amd64 are the same: then they are two images.
    expect(short([entry('1', amd64), entry('2', { architecture: 'x86_64' })])).toEqual([
      ['', '1'],
      ['', '2'],
    ]);
    expect(short([entry('1', amd64), entry('2')])).toHaveLength(2);
  });

  it('takes a name that is there twice for one, and refuses one of two images', () => {
    const name = 'docker.io/library/app:latest';
    expect(short([entry('1', { name }), entry('1', { name: 'app' })])).toEqual([[name, '1']]);
    expect(() => short([entry('1', { name }), entry('2', { name })])).toThrow(
      /index\.json: it gives the name .* to several/,
    );
  });
});

describe('isImage', () => {
  it('tells signatures and attestations from images', () => {
    expect(isImage(entry('1', { name: 'app' }))).toBe(true);
    expect(isImage({ ...entry('1'), artifactType: 'application/x.sig' })).toBe(false);
    expect(isImage({ ...entry('1'), annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } })).toBe(
      false,
    );
  });
});
