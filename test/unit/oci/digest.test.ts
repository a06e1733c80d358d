import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Digest, DigestVerifier, digestOf, hexOf, parseDigest } from '../../../ts/oci/digest.ts';

const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('parseDigest', () => {
  it('takes sha256 and sha512', () => {
    expect(parseDigest(EMPTY)).toBe(EMPTY);
    const sha512 = `sha512:${'0a'.repeat(64)}`;
    expect(hexOf(parseDigest(sha512))).toBe('0a'.repeat(64));
  });

  it.each([
    '',
    'sha256:',
    'sha256',
    EMPTY.slice(0, -1),
    `${EMPTY}0`,
    EMPTY.toUpperCase(),
    `${EMPTY}\n`,
    `md5:${'a'.repeat(32)}`,
    `sha256:${'../'.repeat(21)}a`,
    `sha512:${hexOf(EMPTY as Digest)}`,
    `sha256:${'a'.repeat(128)}`,
  ])('refuses %j', (text) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_DIGEST' }));
  });
});

describe('DigestVerifier', () => {
  it('accepts the content however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (chunks) => {
        const whole = Buffer.concat(chunks);
        const verifier = new DigestVerifier(digestOf(whole), whole.byteLength);
        for (const chunk of chunks) verifier.update(chunk);
        expect(verifier.received).toBe(whole.byteLength);
        verifier.finish();
      }),
    );
  });

  it('verifies sha512', () => {
    const digest = `sha512:${createHash('sha512').update('x').digest('hex')}` as const;
    const verifier = new DigestVerifier(digest, 1);
    verifier.update(Buffer.from('x'));
    expect(() => verifier.finish()).not.toThrow();
  });

  it('refuses one changed byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (bytes, at) => {
        const verifier = new DigestVerifier(digestOf(bytes), bytes.byteLength);
        const changed = Uint8Array.from(bytes);
        changed[at % bytes.byteLength] = (changed[at % bytes.byteLength] ?? 0) ^ 1;
        verifier.update(changed);
        expect(() => verifier.finish()).toThrow(expect.objectContaining({ code: 'ERR_RCX_DIGEST_MISMATCH' }));
      }),
    );
  });

  it('refuses too much as soon as it comes, and too little at the end', () => {
    const verifier = new DigestVerifier(EMPTY, 3);
    verifier.update(Buffer.from('ab'));
    expect(() => verifier.finish()).toThrow(expect.objectContaining({ code: 'ERR_RCX_SIZE_MISMATCH' }));
    expect(() => verifier.update(Buffer.from('cd'))).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_SIZE_MISMATCH' }),
    );
  });
});
