import { closeSync, existsSync, openSync, readSync } from 'node:fs';

export type Libc = 'gnu' | 'musl';

const PT_INTERP = 3;
const HEAD_BYTES = 2048;

/**
 * The C library of the Node that runs this: the dynamic linker that its executable asks for (elf(5), `PT_INTERP`). What linkers lie
 * in `/lib` says nothing: gnu systems may have musl's beside theirs, and Alpine with gcompat has glibc's.
 */
export function libc(): Libc {
  // Where musl's is not, nothing uses it: one call, where reading the executable takes a good part of a millisecond.
  const linker = `/lib/ld-musl-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.so.1`;
  if (!existsSync(linker)) return 'gnu';
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  let length: number;
  try {
    const fd = openSync('/proc/self/exe', 'r');
    try {
      length = readSync(fd, head, 0, HEAD_BYTES, 0);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Without /proc: what most machines have.
    return 'gnu';
  }
  return interpreterOf(head.subarray(0, length))?.includes('/ld-musl-') ? 'musl' : 'gnu';
}

/** The dynamic linker named by the head of a 64-bit little-endian ELF file; `undefined` where it names none. */
export function interpreterOf(head: Buffer): string | undefined {
  const isElf64 = head.length >= 64 && head.readUInt32BE(0) === 0x7f454c46 && head[4] === 2 && head[5] === 1;
  if (!isElf64) return undefined;
  const table = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  const count = head.readUInt16LE(56);
  for (let at = table; at < table + count * size && at + 40 <= head.length; at += size) {
    if (head.readUInt32LE(at) !== PT_INTERP) continue;
    const start = Number(head.readBigUInt64LE(at + 8));
    const length = Number(head.readBigUInt64LE(at + 32));
    return head.toString('latin1', start, start + length).split('\0', 1)[0];
  }
  return undefined;
}
