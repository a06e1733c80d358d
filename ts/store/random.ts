import { closeSync, openSync, readSync } from 'node:fs';

/**
 * Random bytes of the kernel as lower-case hexadecimal digits (urandom(4)).
 *
 * Not `node:crypto`: loading it takes as long as launching a container.
 */
export function randomHex(bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  const fd = openSync('/dev/urandom', 'r');
  try {
    // Reads of up to 256 bytes are never short.
    readSync(fd, buffer);
  } finally {
    closeSync(fd);
  }
  return buffer.toString('hex');
}
