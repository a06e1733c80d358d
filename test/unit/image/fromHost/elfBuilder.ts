import type { ElfAbi } from '../../../../ts/image/fromHost/elf.ts';

/** What an ELF file made for a test says of itself. */
export interface ElfDescription extends Partial<ElfAbi> {
  type?: number;
  interpreter?: string;
  needed?: string[];
  soname?: string;
  rpath?: string;
  runpath?: string;
  filter?: string;
  auxiliary?: string;
  flags1?: number;
}

const SEGMENTS = 3;
/** The dynamic section speaks of addresses, which are the file's offsets plus this. */
const BASE = 0x10000;

/** A small but well-formed ELF file: header, three program headers, interpreter, dynamic section, string table. */
export function buildElf(description: ElfDescription = {}): Buffer {
  const bits = description.bits ?? 64;
  const writer = new Writer(bits, description.littleEndian ?? true);
  const headerSize = bits === 64 ? 64 : 52;
  const segmentSize = bits === 64 ? 56 : 32;
  const strings = new StringTable();
  const entries = dynamicEntries(description, strings);
  const interpreter = Buffer.from(description.interpreter === undefined ? '' : `${description.interpreter}\0`);

  const interpreterAt = headerSize + SEGMENTS * segmentSize;
  const dynamicAt = interpreterAt + interpreter.length;
  const dynamicSize = (entries.length + 2) * 2 * (bits / 8);
  const stringsAt = dynamicAt + dynamicSize;
  const end = stringsAt + strings.bytes().length;

  writer.raw(Buffer.from([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, description.littleEndian === false ? 2 : 1, 1]));
  writer.raw(Buffer.alloc(9));
  writer
    .u16(description.type ?? 3)
    .u16(description.machine ?? 62)
    .u32(1);
  writer.word(0).word(headerSize).word(0).u32(0);
  writer.u16(headerSize).u16(segmentSize).u16(SEGMENTS).u16(0).u16(0).u16(0);
  writer.segment(1, 0, end);
  writer.segment(2, dynamicAt, dynamicSize);
  // A program header of another type stands where there is no interpreter.
  writer.segment(interpreter.length > 0 ? 3 : 4, interpreterAt, interpreter.length);
  writer.raw(interpreter);
  for (const [tag, value] of [...entries, [5, BASE + stringsAt], [0, 0]] as [number, number][])
    writer.word(tag).word(value);
  return writer.raw(strings.bytes()).bytes();
}

function dynamicEntries(description: ElfDescription, strings: StringTable): [number, number][] {
  const texts: [number, string | undefined][] = [
    ...(description.needed ?? []).map((name): [number, string] => [1, name]),
    [14, description.soname],
    [15, description.rpath],
    [29, description.runpath],
    [0x7fffffff, description.filter],
    [0x7ffffffd, description.auxiliary],
  ];
  const entries = texts.flatMap(([tag, text]): [number, number][] =>
    text === undefined ? [] : [[tag, strings.place(text)]],
  );
  return description.flags1 === undefined ? entries : [...entries, [0x6ffffffb, description.flags1]];
}

class StringTable {
  #bytes = Buffer.alloc(1);

  place(text: string): number {
    const at = this.#bytes.length;
    this.#bytes = Buffer.concat([this.#bytes, Buffer.from(`${text}\0`)]);
    return at;
  }

  bytes(): Buffer {
    return this.#bytes;
  }
}

class Writer {
  readonly #parts: Buffer[] = [];

  constructor(
    private readonly bits: 32 | 64,
    private readonly littleEndian: boolean,
  ) {}

  raw(bytes: Buffer): this {
    this.#parts.push(bytes);
    return this;
  }

  u16(value: number): this {
    return this.#number(value, 2);
  }

  u32(value: number): this {
    return this.#number(value, 4);
  }

  word(value: number): this {
    return this.#number(value, this.bits / 8);
  }

  segment(type: number, offset: number, size: number): void {
    if (this.bits === 64)
      this.u32(type)
        .u32(4)
        .word(offset)
        .word(BASE + offset)
        .word(0)
        .word(size)
        .word(size)
        .word(8);
    else
      this.u32(type)
        .word(offset)
        .word(BASE + offset)
        .word(0)
        .word(size)
        .word(size)
        .u32(4)
        .u32(4);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #number(value: number, width: number): this {
    const bytes = Buffer.alloc(width);
    if (width === 8 && this.littleEndian) bytes.writeBigUInt64LE(BigInt(value));
    else if (width === 8) bytes.writeBigUInt64BE(BigInt(value));
    else if (this.littleEndian) bytes.writeUIntLE(value, 0, width);
    else bytes.writeUIntBE(value, 0, width);
    return this.raw(bytes);
  }
}
