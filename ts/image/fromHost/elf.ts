import type { ByteSource } from './byteSource.ts';
import { type DynamicSection, readDynamic } from './elfDynamic.ts';
import { ElfReader, invalidElf, type Segment } from './elfReader.ts';

/** What the dynamic loader has to know of one ELF file. Specification: System V gABI, chapters 4 and 5. */
export interface ElfFile extends DynamicSection, ElfAbi {
  /** `e_type`: 2 is `ET_EXEC`, 3 is `ET_DYN`. */
  type: number;
  /** Path of the loader (`PT_INTERP`); absent in libraries and static programs. */
  interpreter: string | undefined;
}

/** Two files may be loaded together only where all of these agree. */
export interface ElfAbi {
  bits: 32 | 64;
  littleEndian: boolean;
  /** `e_machine`: 62 x86-64, 183 aarch64, 3 i386, 40 arm, 22 s390 … */
  machine: number;
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const MAX_PROGRAM_HEADERS = 4096;
const MAX_PATH = 4096;
const ELF_MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

export function isElf(source: ByteSource): boolean {
  return source.read(0, 4)?.equals(ELF_MAGIC) ?? false;
}

/**
 * Reads headers and dynamic section of an ELF file of either class and byte order. The file may be hostile: every offset is
 * checked against its size, every count against a limit. Throws `ERR_RCX_INVALID_ELF`.
 *
 * @param path only named in errors
 */
export function readElf(source: ByteSource, path: string): ElfFile {
  const reader = openElf(source, path);
  const header = readHeader(reader);
  const segments = readSegments(reader, header);
  const interp = segments.find((segment) => segment.type === PT_INTERP);
  const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC);
  const loads = segments.filter((segment) => segment.type === PT_LOAD);
  return {
    bits: reader.bits,
    littleEndian: reader.littleEndian,
    machine: header.machine,
    type: header.type,
    interpreter: interp && readInterpreter(reader, interp),
    ...readDynamic(reader, dynamic, loads),
  };
}

/** Do both belong to the same class, byte order and machine? */
export function sameAbi(a: ElfAbi, b: ElfAbi): boolean {
  return a.bits === b.bits && a.littleEndian === b.littleEndian && a.machine === b.machine;
}

interface Header {
  type: number;
  machine: number;
  segmentOffset: number;
  segmentEntrySize: number;
  segmentCount: number;
}

function openElf(source: ByteSource, path: string): ElfReader {
  const ident = source.read(0, 16);
  if (!ident?.subarray(0, 4).equals(ELF_MAGIC)) throw invalidElf(path, 'not an ELF file');
  const [elfClass, data, version] = [ident[4], ident[5], ident[6]];
  if (elfClass !== 1 && elfClass !== 2) throw invalidElf(path, `unknown class ${elfClass}`);
  if (data !== 1 && data !== 2) throw invalidElf(path, `unknown byte order ${data}`);
  if (version !== 1) throw invalidElf(path, `unknown version ${version}`);
  return new ElfReader(source, path, elfClass === 2 ? 64 : 32, data === 1);
}

function readHeader(reader: ElfReader): Header {
  const wide = reader.bits === 64;
  const bytes = reader.bytes(0, wide ? 64 : 52, 'ELF header');
  return {
    type: reader.u16(bytes, 16),
    machine: reader.u16(bytes, 18),
    segmentOffset: reader.word(bytes, wide ? 32 : 28),
    segmentEntrySize: reader.u16(bytes, wide ? 54 : 42),
    segmentCount: reader.u16(bytes, wide ? 56 : 44),
  };
}

function readSegments(reader: ElfReader, header: Header): Segment[] {
  const wide = reader.bits === 64;
  const { segmentCount, segmentEntrySize } = header;
  if (segmentCount === 0) return [];
  if (segmentCount > MAX_PROGRAM_HEADERS) throw invalidElf(reader.path, `${segmentCount} program headers`);
  if (segmentEntrySize < (wide ? 56 : 32)) throw invalidElf(reader.path, `program header size ${segmentEntrySize}`);
  const table = reader.bytes(header.segmentOffset, segmentCount * segmentEntrySize, 'program headers');
  return Array.from({ length: segmentCount }, (_, index) => {
    const at = index * segmentEntrySize;
    return {
      type: reader.u32(table, at),
      offset: reader.word(table, at + (wide ? 8 : 4)),
      address: reader.word(table, at + (wide ? 16 : 8)),
      fileSize: reader.word(table, at + (wide ? 32 : 16)),
    };
  });
}

function readInterpreter(reader: ElfReader, segment: Segment): string {
  if (segment.fileSize > MAX_PATH) throw invalidElf(reader.path, 'the interpreter path is too long');
  const bytes = reader.bytes(segment.offset, segment.fileSize, 'interpreter path');
  const end = bytes.indexOf(0);
  if (end <= 0) throw invalidElf(reader.path, 'the interpreter path is not terminated');
  return bytes.toString('utf8', 0, end);
}
