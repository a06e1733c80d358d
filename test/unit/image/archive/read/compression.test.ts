import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compressionOf } from '../../../../../ts/image/archive/read/compression.ts';

describe('compressionOf', () => {
  it.each([
    ['gzip', gzipSync('x')],
    ['zstd', Buffer.from('28b52ffd2401', 'hex')],
    ['zstd', Buffer.from('5f2a4d180400', 'hex')],
    ['bzip2', Buffer.from('BZh91AY&SY')],
    ['none', Buffer.from('BZh91A.txt')],
    ['xz', Buffer.from('fd377a585a00', 'hex')],
    ['none', Buffer.from('blobs/')],
    ['none', Buffer.from('602a4d180400', 'hex')],
    ['none', Buffer.from('1f8b', 'hex')],
    ['none', Buffer.alloc(0)],
  ])('%s: %j', (compression, head) => expect(compressionOf(head)).toBe(compression));
});
