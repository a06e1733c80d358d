import { type ElfReader, invalidElf, type Segment } from './elfReader.ts';

/** The entries of `PT_DYNAMIC` that decide which other files are loaded. Tokens (`$ORIGIN` …) are not expanded yet. */
export interface DynamicSection {
  needed: string[];
  /** `DT_FILTER` objects (required) and `DT_AUXILIARY` objects (loaded if they exist). */
  filters: { name: string; required: boolean }[];
  soname: string | undefined;
  /** Colon-separated directories. Absent as well where there is a runpath, as the loader then ignores it. */
  rpath: string | undefined;
  runpath: string | undefined;
  /** Linked with `-z nodefaultlib`: the default directories are not searched for what this file needs. */
  noDefaultLib: boolean;
}

const DT = {
  NULL: 0,
  NEEDED: 1,
  STRTAB: 5,
  SONAME: 14,
  RPATH: 15,
  RUNPATH: 29,
  FLAGS_1: 0x6ffffffb,
  AUXILIARY: 0x7ffffffd,
  FILTER: 0x7fffffff,
} as const;
const DF_1_NODEFLIB = 0x800;
const MAX_DYNAMIC_BYTES = 1 << 20;
const MAX_STRING = 64 * 1024;

type DynamicEntry = [tag: number, value: number];

/** Reads the dynamic section; a file without one (a static program) needs nothing. */
export function readDynamic(reader: ElfReader, dynamic: Segment | undefined, loads: Segment[]): DynamicSection {
  const entries = dynamic ? readEntries(reader, dynamic) : [];
  const value = (wanted: number) => entries.find(([tag]) => tag === wanted)?.[1];
  const table = value(DT.STRTAB);
  const base = table === undefined ? undefined : fileOffset(loads, table);
  const text = (offset: number) => {
    if (base === undefined) throw invalidElf(reader.path, 'the dynamic string table lies outside the file');
    return reader.text(base + offset, MAX_STRING, 'dynamic string');
  };
  const texts = (wanted: number) => entries.filter(([tag]) => tag === wanted).map(([, offset]) => text(offset));
  const runpath = texts(DT.RUNPATH)[0];
  return {
    needed: texts(DT.NEEDED),
    filters: [
      ...texts(DT.FILTER).map((name) => ({ name, required: true })),
      ...texts(DT.AUXILIARY).map((name) => ({ name, required: false })),
    ],
    soname: texts(DT.SONAME)[0],
    rpath: runpath === undefined ? texts(DT.RPATH)[0] : undefined,
    runpath,
    noDefaultLib: ((value(DT.FLAGS_1) ?? 0) & DF_1_NODEFLIB) !== 0,
  };
}

function readEntries(reader: ElfReader, segment: Segment): DynamicEntry[] {
  if (segment.fileSize > MAX_DYNAMIC_BYTES) throw invalidElf(reader.path, 'the dynamic section is too large');
  const bytes = reader.bytes(segment.offset, segment.fileSize, 'dynamic section');
  const width = reader.bits / 8;
  const entries: DynamicEntry[] = [];
  for (let at = 0; at + 2 * width <= bytes.length; at += 2 * width) {
    const tag = reader.word(bytes, at);
    if (tag === DT.NULL) break;
    entries.push([tag, reader.word(bytes, at + width)]);
  }
  return entries;
}

/** The dynamic section speaks of memory addresses; the loaded segments say where those lie in the file. */
function fileOffset(loads: Segment[], address: number): number | undefined {
  const load = loads.find((segment) => address >= segment.address && address < segment.address + segment.fileSize);
  return load && load.offset + (address - load.address);
}
