import { describe, expect, it } from 'vitest';
import { listImages } from '../../../ts/image/list.ts';
import type { StoredImage } from '../../../ts/store/images.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}` as const;

function image(
  digit: string,
  created: string | undefined,
  references: string[],
  repoDigests: string[] = [],
): StoredImage {
  return {
    id: digest(digit),
    references,
    repoDigests,
    manifest: { mediaType: 'm', digest: digest(digit), size: 1 },
    config: {
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [] },
      ...(created !== undefined && { created }),
    },
    diffIds: [],
    size: 0,
  };
}

const IMAGES = [
  image('1', '2024-01-01T00:00:00Z', ['docker.io/library/ubuntu:22.04']),
  image(
    '2',
    '2026-01-01T00:00:00Z',
    ['docker.io/library/ubuntu:latest', 'localhost:5000/team/app:1'],
    [`docker.io/library/ubuntu@${digest('a')}`],
  ),
  image('3', undefined, []),
  image('4', '2025-01-01T00:00:00Z', [`docker.io/library/debian@${digest('b')}`]),
];

/** `repository:tag`, of each row. */
const names = (pattern?: string) => listImages(IMAGES, pattern).map(({ repository, tag }) => `${repository}:${tag}`);

describe('listImages', () => {
  it('has a row for each name, the newest image first and those without a date last', () => {
    expect(names()).toEqual([
      'ubuntu:latest',
      'localhost:5000/team/app:1',
      'debian:undefined',
      'ubuntu:22.04',
      'undefined:undefined',
    ]);
  });

  it('knows the digest that the registry has', () => {
    const [ubuntu, app, debian] = listImages(IMAGES);
    expect([ubuntu?.digest, app?.digest, debian?.digest]).toEqual([digest('a'), undefined, digest('b')]);
  });

  it.each([
    ['ubuntu', ['ubuntu:latest', 'ubuntu:22.04']],
    ['docker.io/library/ubuntu', ['ubuntu:latest', 'ubuntu:22.04']],
    ['ubuntu:latest', ['ubuntu:latest']],
    ['ubuntu:22.04', ['ubuntu:22.04']],
    ['ubuntu:23', []],
    [`debian@${digest('b')}`, ['debian:undefined']],
    [`debian@${digest('a')}`, []],
    ['app', []],
    ['localhost:5000/team/app', ['localhost:5000/team/app:1']],
    ['ubu*', ['ubuntu:latest', 'ubuntu:22.04']],
    ['*:22.0?', ['ubuntu:22.04']],
    ['*/*/a[a-p]p', ['localhost:5000/team/app:1']],
    ['*/app', []],
    ['u.untu*', []],
    ['deb*@sha256:*', ['debian:undefined']],
    ['ubun\\tu', ['ubuntu:latest', 'ubuntu:22.04']],
  ])('finds %s', (pattern, expected) => {
    expect(names(pattern)).toEqual(expected);
  });

  it('refuses what cannot be a name or a pattern', () => {
    for (const pattern of ['[z-a]*', '[']) {
      expect(() => names(pattern)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_PATTERN' }));
    }
    expect(() => names('UPPER')).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_REFERENCE' }));
  });
});
