import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RcxError } from '../../../ts/errors.ts';
import {
  canonicalReference,
  familiarReference,
  hasTagOrDigest,
  isRegistryName,
  parseReference,
  type Reference,
  withTag,
} from '../../../ts/oci/reference.ts';

const HEX = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const SHA256 = `sha256:${HEX}` as const;

describe('parseReference', () => {
  it.each([
    ['ubuntu', 'docker.io/library/ubuntu:latest', 'ubuntu:latest'],
    ['ubuntu:24.04', 'docker.io/library/ubuntu:24.04', 'ubuntu:24.04'],
    ['docker.io/ubuntu', 'docker.io/library/ubuntu:latest', 'ubuntu:latest'],
    ['docker.io/library/ubuntu', 'docker.io/library/ubuntu:latest', 'ubuntu:latest'],
    ['index.docker.io/ubuntu', 'docker.io/library/ubuntu:latest', 'ubuntu:latest'],
    ['index.docker.io/me/app:1', 'docker.io/me/app:1', 'me/app:1'],
    ['me/app', 'docker.io/me/app:latest', 'me/app:latest'],
    ['library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
    ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest', 'localhost:5000/app:latest'],
    // No slash: the name is localhost and the tag 5000, as in Docker.
    ['localhost:5000', 'docker.io/library/localhost:5000', 'localhost:5000'],
    ['127.0.0.1:5000/a/b:c', '127.0.0.1:5000/a/b:c', '127.0.0.1:5000/a/b:c'],
    ['[::1]:5000/app', '[::1]:5000/app:latest', '[::1]:5000/app:latest'],
    ['[2001:db8::1]/app', '[2001:db8::1]/app:latest', '[2001:db8::1]/app:latest'],
    ['Host/app', 'Host/app:latest', 'Host/app:latest'],
    ['ghcr.io/o/r/s:v1.2.3-rc_1', 'ghcr.io/o/r/s:v1.2.3-rc_1', 'ghcr.io/o/r/s:v1.2.3-rc_1'],
    ['docker.io/a.b/c', 'docker.io/a.b/c:latest', 'docker.io/a.b/c:latest'],
    [`docker.io/library/${HEX}`, `docker.io/library/${HEX}:latest`, `docker.io/library/${HEX}:latest`],
    [`${HEX}:1`, `docker.io/library/${HEX}:1`, `docker.io/library/${HEX}:1`],
    [`ubuntu@${SHA256}`, `docker.io/library/ubuntu@${SHA256}`, `ubuntu@${SHA256}`],
    [`ubuntu:24.04@${SHA256}`, `docker.io/library/ubuntu:24.04@${SHA256}`, `ubuntu:24.04@${SHA256}`],
    ['a__b/c--d.e_f', 'docker.io/a__b/c--d.e_f:latest', 'a__b/c--d.e_f:latest'],
    [`x:${'t'.repeat(128)}`, `docker.io/library/x:${'t'.repeat(128)}`, `x:${'t'.repeat(128)}`],
    [`h.io/${'a'.repeat(255)}`, `h.io/${'a'.repeat(255)}:latest`, `h.io/${'a'.repeat(255)}:latest`],
  ])('%s', (text, canonical, familiar) => {
    const reference = parseReference(text);
    expect(canonicalReference(reference)).toBe(canonical);
    expect(familiarReference(reference)).toBe(familiar);
  });

  it('keeps tag and digest apart, and adds no tag to a digest', () => {
    expect(parseReference(`u:1@${SHA256}`)).toEqual({
      registry: 'docker.io',
      repository: 'library/u',
      tag: '1',
      digest: SHA256,
    });
    expect(parseReference(`u@${SHA256}`)).not.toHaveProperty('tag');
  });

  it.each([
    ['', 'empty'],
    [HEX, 'image ID'],
    ['Ubuntu', 'lower case'],
    ['docker.io/Ubuntu', 'lower case'],
    ['ubuntu:', 'a tag is'],
    ['ubuntu:-x', 'a tag is'],
    [`ubuntu:${'t'.repeat(129)}`, 'a tag is'],
    ['a:b:c', 'a repository is'],
    ['a//b', 'a repository is'],
    ['/a', 'a repository is'],
    ['a/', 'a repository is'],
    ['a/../b', 'a repository is'],
    ['a..b', 'a repository is'],
    ['a___b', 'a repository is'],
    ['-a', 'a repository is'],
    ['a b', 'a repository is'],
    ['https://docker.io/ubuntu', 'not a registry host'],
    ['-h.io/a', 'not a registry host'],
    ['h.io:99999/a', 'not a registry host'],
    ['[::1/a', 'not a registry host'],
    ['[:::::]:80/a', 'not a registry host'],
    ['user@host.io/a', 'digest'],
    ['ubuntu@sha256:abc', 'digest'],
    [`ubuntu@sha256:${HEX.toUpperCase()}`, 'digest'],
    [`ubuntu@md5:${HEX}`, 'digest'],
    [`h.io/${'a'.repeat(256)}`, 'longer than 255'],
    ['a'.repeat(100_000), 'longer than 1024'],
  ])('refuses %j', (text, reason) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_REFERENCE', message: expect.stringContaining(reason) }),
    );
  });

  it('puts nothing of a hostile name on a line or a terminal of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          parseReference(text);
        } catch (error) {
          expect(error).toBeInstanceOf(RcxError);
          expect((error as RcxError).message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        }
      }),
    );
  });

  // A pattern that backtracks exponentially would not end before this test's time limit.
  it('does not backtrack for long', () => {
    for (const bait of ['a-'.repeat(500), `${'a'.repeat(500)}-.x/`, '_'.repeat(1000), `${'a.'.repeat(500)}/`]) {
      expect(() => parseReference(bait)).toThrow(RcxError);
    }
  });
});

describe('a reference', () => {
  const lower = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const word = (letters: string, most: number) =>
    fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: most });
  const component = fc
    .tuple(
      word(lower, 8),
      fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '---'), word(lower, 5)), { maxLength: 2 }),
    )
    .map(([head, rest]) => head + rest.flat().join(''));
  const path = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const port = fc.option(fc.integer({ min: 0, max: 65535 }), { nil: undefined });
  const host = fc.oneof(
    fc.constantFrom('docker.io', 'localhost', 'ghcr.io', '127.0.0.1', '[::1]', '[fe80::1]', 'Upper'),
    fc.tuple(word(lower, 6), word(lower, 3)).map((labels) => labels.join('.')),
  );
  const registry = fc.tuple(host, port).map(([name, number]) => (number === undefined ? name : `${name}:${number}`));
  const tag = fc
    .tuple(word(`${lower}_ABC`, 1), fc.string({ unit: fc.constantFrom(...`${lower}_ABC.-`), maxLength: 127 }))
    .map((parts) => parts.join(''));
  const digest = fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 })
    .map((hex) => `sha256:${hex}` as const);
  const reference = fc
    .record({ registry, path, tag: fc.option(tag), digest: fc.option(digest) })
    .filter((parts) => parts.tag !== null || parts.digest !== null)
    .map((parts): Reference => {
      // Docker Hub has no names of one component.
      const official = parts.registry === 'docker.io' && !parts.path.includes('/');
      return {
        registry: parts.registry,
        repository: official ? `library/${parts.path}` : parts.path,
        ...(parts.tag !== null && { tag: parts.tag }),
        ...(parts.digest !== null && { digest: parts.digest }),
      };
    });

  it('survives being written in full and read again', () => {
    fc.assert(
      fc.property(reference, (it) => {
        expect(parseReference(canonicalReference(it))).toEqual(it);
      }),
    );
  });

  it('survives being written the familiar way and read again', () => {
    fc.assert(
      fc.property(reference, (it) => {
        expect(parseReference(familiarReference(it))).toEqual(it);
      }),
    );
  });

  it('is its own normal form', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), reference.map(familiarReference)), (text) => {
        let first: Reference;
        try {
          first = parseReference(text);
        } catch {
          return;
        }
        expect(parseReference(canonicalReference(first))).toEqual(first);
      }),
    );
  });
});

describe('isRegistryName', () => {
  it.each(['docker.io', 'localhost', 'localhost:5000', 'a', '10.0.0.1:80', '[::1]:5000', 'xn--bcher-kva.example'])(
    'takes %s',
    (name) => expect(isRegistryName(name)).toBe(true),
  );
  it.each([
    '',
    'http://a',
    'a/b',
    'a:',
    'a:x',
    'a:65536',
    'a b',
    'a\n',
    '::1',
    '[::1',
    '[g::1]',
    'é.example',
    '.a',
    'a.',
  ])('refuses %j', (name) => expect(isRegistryName(name)).toBe(false));
});

describe('hasTagOrDigest', () => {
  it.each([
    ['ubuntu', false],
    ['localhost:5000/app', false],
    ['[::1]:5000/app', false],
    ['ubuntu:latest', true],
    ['localhost:5000/app:1', true],
    ['localhost:5000', true],
    [`ubuntu@${SHA256}`, true],
    [`localhost:5000/app:1@${SHA256}`, true],
  ])('%s: %s', (text, expected) => {
    expect(hasTagOrDigest(text)).toBe(expected);
  });
});

describe('withTag', () => {
  const repository = { registry: 'r.test', repository: 'a/app' };

  it('names an image', () => {
    expect(withTag({ ...repository, tag: 'old' } as Reference, 'v1.0')).toEqual({ ...repository, tag: 'v1.0' });
  });

  it.each(['', '-a', 'a/b', 'a\nb', `a@${SHA256}`, '5000/evil', 'a'.repeat(129)])('refuses %j', (tag) => {
    expect(() => withTag(repository, tag)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_REFERENCE' }));
  });
});
