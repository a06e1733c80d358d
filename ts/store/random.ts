import { closeSync, openSync, readSync } from 'node:fs';

const POOL_BYTES = 256;
let pool = Buffer.alloc(0);

/**
 * Random bytes of the kernel as lower-case hexadecimal digits (urandom(4)).
 *
 * Not `node:crypto`: loading it takes as long as launching a container.
 */
export function randomHex(bytes: number): string {
  if (pool.length < bytes) pool = refill();
  const taken = pool.subarray(0, bytes);
  pool = pool.subarray(bytes);
  return taken.toString('hex');
}

function refill(): Buffer<ArrayBuffer> {
  const buffer = Buffer.alloc(POOL_BYTES);
  const fd = openSync('/dev/urandom', 'r');
  try {
    // Reads of up to 256 bytes are never short (random(4)).
    readSync(fd, buffer);
  } finally {
    closeSync(fd);
  }
  return buffer;
}
