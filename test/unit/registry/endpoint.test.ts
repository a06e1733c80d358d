import { describe, expect, it } from 'vitest';
import { parseReference } from '../../../ts/oci/reference.ts';
import { endpointsFor, isInsecure } from '../../../ts/registry/endpoint.ts';

const NONE = { registries: {} };

describe('endpointsFor', () => {
  it('finds Docker Hub where it really is', () => {
    expect(endpointsFor(parseReference('ubuntu'), NONE)).toEqual([
      {
        registry: 'docker.io',
        host: 'registry-1.docker.io',
        schemes: ['https'],
        repository: 'library/ubuntu',
        isMirror: false,
      },
    ]);
  });

  it('asks mirrors first and in order, with their path before the repository', () => {
    const config = { registries: { 'docker.io': { mirrors: ['http://m:5000/', 'https://cache.test/a/hub/'] } } };
    const found = endpointsFor(parseReference('ubuntu'), config);
    expect(found.map(({ host, schemes, repository, registry }) => [host, schemes, repository, registry])).toEqual([
      ['m:5000', ['http'], 'library/ubuntu', 'm:5000'],
      ['cache.test', ['https'], 'a/hub/library/ubuntu', 'cache.test'],
      ['registry-1.docker.io', ['https'], 'library/ubuntu', 'docker.io'],
    ]);
  });

  it.each([
    ['localhost:5000/a', {}, ['http', 'https']],
    ['127.0.0.2/a', {}, ['http', 'https']],
    ['[::1]:80/a', {}, ['http', 'https']],
    ['r.test/a', {}, ['https']],
    ['r.test:5000/a', { 'r.test:5000': { insecure: true } }, ['https', 'http']],
    ['r.test:5000/a', { 'r.test': { insecure: true } }, ['https']],
    ['r.test/a', { 'r.test': { insecure: true } }, ['https', 'http']],
    ['ubuntu', { 'docker.io': { insecure: true } }, ['https', 'http']],
  ])('%s with %j speaks %j', (name, registries, schemes) => {
    expect(endpointsFor(parseReference(name), { registries })[0]?.schemes).toEqual(schemes);
  });

  it('refuses a registry name that is not a host', () => {
    expect(() => endpointsFor(parseReference('999.1.1.1/a'), NONE)).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_REFERENCE' }),
    );
  });
});

describe('isInsecure', () => {
  it('takes a default port written out for the same host', () => {
    const config = { registries: { 'r.test:443': { insecure: true } } };
    expect(isInsecure(new URL('https://r.test/'), config)).toBe(true);
    expect(isInsecure(new URL('https://r.test:444/'), config)).toBe(false);
  });
});
