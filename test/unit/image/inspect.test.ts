import { describe, expect, it } from 'vitest';
import { inspectImage } from '../../../ts/image/inspect.ts';
import type { StoredImage } from '../../../ts/store/images.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}` as const;

const IMAGE: StoredImage = {
  id: digest('1'),
  references: ['docker.io/library/ubuntu:latest', `docker.io/library/ubuntu@${digest('9')}`],
  repoDigests: [`docker.io/library/ubuntu@${digest('9')}`],
  manifest: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digest('2'), size: 400 },
  config: {
    created: '2026-01-01T00:00:00Z',
    architecture: 'arm',
    variant: 'v7',
    os: 'linux',
    config: { Cmd: ['bash'], Env: ['A=b'] },
    rootfs: { type: 'layers', diff_ids: [digest('3'), digest('4')] },
    history: [{ comment: 'first' }, { comment: 'last' }],
  },
  diffIds: [digest('3'), digest('4')],
  size: 1234,
};
const ENGINE = { layersOf: () => ['/layers/4/diff', '/layers/3/diff'] };

describe('inspectImage', () => {
  it('says what the image is, in Docker’s words', () => {
    expect(inspectImage(ENGINE, IMAGE)).toEqual({
      Id: digest('1'),
      RepoTags: ['ubuntu:latest'],
      RepoDigests: [`ubuntu@${digest('9')}`],
      Created: '2026-01-01T00:00:00Z',
      Author: '',
      Comment: 'last',
      Architecture: 'arm',
      Variant: 'v7',
      Os: 'linux',
      Size: 1234,
      Config: { Cmd: ['bash'], Env: ['A=b'] },
      GraphDriver: { Name: 'overlay', Data: { LowerDir: '/layers/4/diff:/layers/3/diff' } },
      RootFS: { Type: 'layers', Layers: [digest('3'), digest('4')] },
      Descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digest('2'), size: 400 },
    });
  });

  it('makes nothing up for an image that says little', () => {
    const bare = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers' as const, diff_ids: [] } };
    const described = inspectImage(ENGINE, { ...IMAGE, references: [], repoDigests: [], config: bare });
    expect(described).toMatchObject({ RepoTags: [], RepoDigests: [], Created: '', Comment: '', Config: {} });
    expect(described).not.toHaveProperty('Variant');
  });
});
