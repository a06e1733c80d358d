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
    docker_version: '28.2.2',
  },
  diffIds: [digest('3'), digest('4')],
  size: 1234,
  lastTagged: '2026-02-03T04:05:06.000Z',
};
const ENGINE = { layersOf: () => ['/layers/4/diff', '/layers/3/diff'] };

describe('inspectImage', () => {
  it('says what the image is, in Docker’s words', () => {
    expect(inspectImage(ENGINE, IMAGE)).toEqual({
      Id: digest('1'),
      RepoTags: ['ubuntu:latest'],
      RepoDigests: [`ubuntu@${digest('9')}`],
      Parent: '',
      Comment: 'last',
      Created: '2026-01-01T00:00:00Z',
      DockerVersion: '28.2.2',
      Author: '',
      Config: {
        ...{ User: '', Env: ['A=b'], Cmd: ['bash'], Volumes: null, WorkingDir: '', Entrypoint: null, OnBuild: null },
        Labels: null,
      },
      Architecture: 'arm',
      Variant: 'v7',
      Os: 'linux',
      Size: 1234,
      GraphDriver: { Name: 'overlay', Data: { LowerDir: '/layers/3/diff', UpperDir: '/layers/4/diff' } },
      RootFS: { Type: 'layers', Layers: [digest('3'), digest('4')] },
      Metadata: { LastTagTime: '2026-02-03T04:05:06.000Z' },
      Descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digest('2'), size: 400 },
    });
  });

  it('makes nothing up for an image that says little', () => {
    const bare = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers' as const, diff_ids: [] } };
    const { lastTagged: _never, ...untagged } = IMAGE;
    const image = { ...untagged, references: [], repoDigests: [], config: bare };
    const described = inspectImage({ layersOf: () => ['/layers/1/diff'] }, image);
    expect(described).toMatchObject({ RepoTags: [], RepoDigests: [], Created: '', Comment: '', DockerVersion: '' });
    expect(described.Config).toEqual({
      ...{
        User: '',
        Env: null,
        Cmd: null,
        Volumes: null,
        WorkingDir: '',
        Entrypoint: null,
        OnBuild: null,
        Labels: null,
      },
    });
    expect(described.Metadata).toEqual({ LastTagTime: '0001-01-01T00:00:00Z' });
    expect(described.GraphDriver.Data).toEqual({ UpperDir: '/layers/1/diff' });
    expect(described).not.toHaveProperty('Variant');
  });
});
