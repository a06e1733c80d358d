import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../ts/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../ts/oci/mediaTypes.ts';
import { choosePlatform, formatPlatform, hostPlatform, parsePlatform } from '../../../ts/oci/platform.ts';
import type { Descriptor, ImageIndex, Platform } from '../../../ts/oci/types.ts';

function entry(text: string | undefined): Descriptor {
  const [os = '', architecture = '', variant] = text?.split('/') ?? [];
  const platform: Platform = { os, architecture, ...(variant !== undefined && { variant }) };
  return {
    mediaType: OCI_MANIFEST,
    digest: digestOf(Buffer.from(text ?? 'none')),
    size: 1,
    ...(text !== undefined && { platform }),
  };
}

function index(platforms: (string | undefined)[]): ImageIndex {
  return { schemaVersion: 2, mediaType: OCI_INDEX, manifests: platforms.map(entry) };
}

function choose(wanted: string, platforms: (string | undefined)[]): string | undefined {
  const { platform } = choosePlatform(index(platforms), parsePlatform(wanted));
  return (
    platform && [platform.os, platform.architecture, platform.variant].filter((part) => part !== undefined).join('/')
  );
}

describe('parsePlatform', () => {
  it.each([
    ['linux/amd64', 'linux/amd64'],
    ['LINUX/AMD64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['amd64', 'linux/amd64'],
    ['aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['linux/arm64/v8.0', 'linux/arm64'],
    ['linux/arm64/v9.0', 'linux/arm64/v9'],
    ['linux/arm64/v9.2', 'linux/arm64/v9.2'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['armhf', 'linux/arm/v7'],
    ['armel', 'linux/arm/v6'],
    ['i386', 'linux/386'],
    ['linux/riscv64', 'linux/riscv64'],
  ])('%s is %s', (text, normal) => expect(formatPlatform(parsePlatform(text))).toBe(normal));

  it('takes linux alone for this machine', () => expect(parsePlatform('linux')).toEqual(hostPlatform()));

  it.each([
    '',
    'windows/amd64',
    'darwin',
    'linux/',
    '/amd64',
    'linux/a/b/c',
    'linux/am d64',
    'linux/amd64\n',
    'nonsense',
  ])('refuses %j', (text) =>
    expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_PLATFORM' })),
  );

  it('has one spelling for each platform', () => {
    const part = fc.constantFrom(
      'amd64',
      'arm64',
      'arm',
      '386',
      'x86_64',
      'aarch64',
      'armhf',
      'v8',
      'v7',
      '7',
      'v1',
      'v9.0',
    );
    fc.assert(
      fc.property(part, fc.option(part, { nil: undefined }), (architecture, variant) => {
        const once = formatPlatform(parsePlatform(['linux', architecture, variant].filter(Boolean).join('/')));
        expect(formatPlatform(parsePlatform(once))).toBe(once);
      }),
    );
  });
});

describe('choosePlatform', () => {
  it.each([
    ['linux/amd64', ['linux/arm64/v8', 'linux/amd64'], 'linux/amd64'],
    ['linux/amd64', ['windows/amd64', 'linux/386', 'linux/amd64/v1'], 'linux/amd64/v1'],
    ['linux/amd64', ['linux/386'], 'linux/386'],
    ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'], 'linux/amd64/v2'],
    ['linux/amd64/v3', ['linux/386', 'linux/amd64'], 'linux/amd64'],
    ['linux/arm64', ['linux/arm/v7', 'linux/arm64/v8'], 'linux/arm64/v8'],
    ['linux/arm64', ['linux/arm64', 'linux/arm64/v9'], 'linux/arm64'],
    ['linux/arm64', ['linux/arm/v5', 'linux/arm/v7'], 'linux/arm/v7'],
    ['linux/arm64/v9.1', ['linux/arm64/v8.7', 'linux/arm64/v8.6', 'linux/arm64/v8.5'], 'linux/arm64/v8.6'],
    ['linux/arm64/v9.1', ['linux/arm64/v8', 'linux/arm64/v9'], 'linux/arm64/v9'],
    ['linux/arm64/v8.2', ['linux/arm64', 'linux/arm64/v8.1', 'linux/arm64/v8.3'], 'linux/arm64/v8.1'],
    ['linux/arm', ['linux/arm/v5', 'linux/arm/v6'], 'linux/arm/v6'],
    ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v5'], 'linux/arm/v5'],
    ['linux/amd64', ['unknown/unknown', undefined], undefined],
    ['linux/amd64', [undefined, 'linux/amd64'], 'linux/amd64'],
  ])('%s of %j', (wanted, offered, expected) => expect(choose(wanted, offered)).toBe(expected));

  it.each([
    ['linux/amd64', ['linux/amd64/v2', 'linux/arm64', 'windows/amd64']],
    ['linux/arm64', ['linux/amd64', 'linux/arm64/v9']],
    ['linux/arm/v5', ['linux/arm/v6', 'linux/arm64']],
    ['linux/386', ['linux/amd64']],
  ])('finds nothing for %s in %j', (wanted, offered) => {
    expect(() => choose(wanted, offered)).toThrow(
      expect.objectContaining({
        code: 'ERR_RCX_PLATFORM_NOT_FOUND',
        message: `the image has no variant for ${formatPlatform(parsePlatform(wanted))}; it has: ${offered.join(', ')}`,
      }),
    );
  });

  it('does not offer attestations as a choice', () => {
    expect(() => choose('linux/amd64', ['unknown/unknown'])).toThrow(/it has: none$/);
  });
});
