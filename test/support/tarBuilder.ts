const BLOCK = 512;

/** The fields of one header, and the content after it. Everything may be wrong: that is what this is for. */
export interface RawMember {
  /** Text is written as UTF-8; bytes as they are. Longer than its field, it is cut. */
  name: string | Buffer;
  /** The type flag, `0` for a file by default. */
  type?: string;
  content?: string | Buffer;
  /** What the header says instead of the content's length. */
  size?: number | bigint;
  mode?: number;
  uid?: number;
  gid?: number;
  /** Whole seconds. */
  mtime?: number;
  linkName?: string | Buffer;
  prefix?: string | Buffer;
  major?: number;
  minor?: number;
  format?: 'ustar' | 'gnu' | 'v7';
  /** Overwrites bytes of the finished header, the checksum computed over them. */
  patch?: { at: number; bytes: Buffer }[];
  /** Added to the right checksum. */
  checksumError?: number;
}

type Options = Omit<RawMember, 'name' | 'type' | 'content' | 'linkName'>;
type PaxValues = readonly (readonly [key: string, value: string | Buffer])[];

/** Writes tar archives byte by byte, also such as no archiver would. Members come in the order in which they are added. */
export class TarBuilder {
  readonly #parts: Buffer[] = [];

  add(member: RawMember): this {
    const content = bytes(member.content ?? '');
    this.#parts.push(header(member, content.length), content, padding(content.length));
    return this;
  }

  file(name: string | Buffer, content: string | Buffer = '', options: Options = {}): this {
    return this.add({ ...options, name, content });
  }

  directory(name: string | Buffer, options: Options = {}): this {
    return this.add({ mode: 0o755, ...options, name, type: '5' });
  }

  symlink(name: string | Buffer, linkName: string | Buffer, options: Options = {}): this {
    return this.add({ mode: 0o777, ...options, name, type: '2', linkName });
  }

  hardlink(name: string | Buffer, linkName: string | Buffer, options: Options = {}): this {
    return this.add({ ...options, name, type: '1', linkName });
  }

  /** Says of the next member what its header cannot. */
  pax(values: PaxValues): this {
    return this.add({ name: 'PaxHeaders/x', type: 'x', content: paxRecords(values) });
  }

  /** A PAX header for everything that follows. */
  globalPax(values: PaxValues): this {
    return this.add({ name: 'pax_global_header', type: 'g', content: paxRecords(values) });
  }

  /** The GNU way to give the next member a long name. */
  longName(name: string | Buffer): this {
    return this.add({ name: '././@LongLink', type: 'L', content: zeroEnded(name), format: 'gnu' });
  }

  longLinkName(name: string | Buffer): this {
    return this.add({ name: '././@LongLink', type: 'K', content: zeroEnded(name), format: 'gnu' });
  }

  /** Anything, where the next header would be. */
  raw(content: Buffer): this {
    this.#parts.push(content);
    return this;
  }

  /** The archive with the two zero blocks that end it. */
  build(): Buffer {
    return Buffer.concat([...this.#parts, Buffer.alloc(2 * BLOCK)]);
  }

  /** The archive as it is, without an end. */
  unfinished(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** One record, `<length> <key>=<value>\n`, whose length counts itself. */
export function paxRecord(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), bytes(value), Buffer.from('\n')]);
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function paxRecords(values: PaxValues): Buffer {
  return Buffer.concat(values.map(([key, value]) => paxRecord(key, value)));
}

function header(member: RawMember, length: number): Buffer {
  const { format = 'ustar' } = member;
  const block = Buffer.alloc(BLOCK);
  text(block, 0, 100, member.name);
  number(block, 100, 8, member.mode ?? 0o644);
  number(block, 108, 8, member.uid ?? 0);
  number(block, 116, 8, member.gid ?? 0);
  number(block, 124, 12, member.size ?? length);
  number(block, 136, 12, member.mtime ?? 0);
  text(block, 156, 1, member.type ?? '0');
  text(block, 157, 100, member.linkName ?? '');
  if (format !== 'v7') {
    block.write(format === 'gnu' ? 'ustar  \0' : 'ustar\x0000', 257, 'latin1');
    number(block, 329, 8, member.major ?? 0);
    number(block, 337, 8, member.minor ?? 0);
    text(block, 345, 155, member.prefix ?? '');
  }
  for (const { at, bytes: patch } of member.patch ?? []) patch.copy(block, at);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0) + (member.checksumError ?? 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Octal where it fits, base-256 where it does not, as GNU tar does. */
function number(block: Buffer, at: number, length: number, value: number | bigint): void {
  const octal = value.toString(8);
  if (value >= 0 && octal.length < length) {
    block.write(`${octal.padStart(length - 1, '0')}\0`, at, 'latin1');
    return;
  }
  let rest = BigInt.asUintN(length * 8, BigInt(value));
  for (let i = at + length - 1; i >= at; i--) {
    block[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[at] = (block[at] ?? 0) | 0x80;
}

function text(block: Buffer, at: number, length: number, value: string | Buffer): void {
  bytes(value).copy(block, at, 0, length);
}

function bytes(value: string | Buffer): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
}

function zeroEnded(value: string | Buffer): Buffer {
  return Buffer.concat([bytes(value), Buffer.alloc(1)]);
}

function padding(length: number): Buffer {
  return Buffer.alloc((BLOCK - (length % BLOCK)) % BLOCK);
}
