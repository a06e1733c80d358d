import { describe, expect, it } from 'vitest';
import { annotatedName, nameOf } from '../../../../../ts/image/archive/read/names.ts';
import { canonicalReference } from '../../../../../ts/oci/reference.ts';

const DIGEST = `sha256:${'1'.repeat(64)}` as const;
const [CONTAINERD, OCI] = ['io.containerd.image.name', 'org.opencontainers.image.ref.name'] as const;

function named(annotations?: Record<string, string>): string | undefined {
  const entry = { mediaType: 'm', digest: DIGEST, size: 1, ...(annotations && { annotations }) };
  const name = annotatedName(entry, 'index.json');
  return name && canonicalReference(name);
}

describe('annotatedName', () => {
  it.each([
    [{ [CONTAINERD]: 'docker.io/library/app:v1', [OCI]: 'v1' }, 'docker.io/library/app:v1'],
    [{ [OCI]: 'localhost/app:v1' }, 'localhost/app:v1'],
    [{ [OCI]: 'app:v1' }, 'docker.io/library/app:v1'],
    [{ [CONTAINERD]: '', [OCI]: 'app:v1' }, 'docker.io/library/app:v1'],
    [{ [CONTAINERD]: `app@${DIGEST}` }, `docker.io/library/app@${DIGEST}`],
    // Of which repository, nobody says.
    [{ [OCI]: 'latest' }, undefined],
    [{ other: 'app:v1' }, undefined],
    [undefined, undefined],
  ])('%j: %s', (annotations, name) => expect(named(annotations)).toBe(name));

  it.each([{ [OCI]: 'a b:c' }, { [CONTAINERD]: '../x' }, { [CONTAINERD]: `app@sha256:${'2'.repeat(64)}` }])(
    'refuses %j',
    (annotations) =>
      expect(() => named(annotations)).toThrow(expect.objectContaining({ code: 'ERR_RCX_ARCHIVE_INVALID' })),
  );
});

describe('nameOf', () => {
  it('names the document that has a name that is none', () => {
    expect(() => nameOf('A/B', 'manifest.json')).toThrow(
      'load: manifest.json: it gives an image the name "A/B", which is none',
    );
  });
});
