import type { ByteString } from '../errors.ts';
import type { TarEntry } from './entry.ts';
import { BLOCK } from './header.ts';
import type { PaxRecord } from './pax.ts';

/** What is written of an entry, its content apart. */
export type TarMember = Pick<
  TarEntry,
  'type' | 'name' | 'linkName' | 'mode' | 'uid' | 'gid' | 'mtime' | 'mtimeNsec' | 'size' | 'major' | 'minor' | 'xattrs'
>;

const TYPES: Readonly<Record<TarMember['type'], string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

/** Ends an archive. */
export const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK);

/** What fills the last block of a content of that length. */
export function paddingAfter(length: number): Buffer {
  return Buffer.alloc((BLOCK - (length % BLOCK)) % BLOCK);
}

/**
 * The header of an entry: ustar, with a PAX header before it where ustar has no room (POSIX.1-2017, pax), as Go's archive/tar
 * chooses. The same entry always gives the same bytes: nothing of it depends on the time or the machine.
 */
export function encodeHeader(member: TarMember): Buffer {
  const records = paxRecords(member);
  const header = ustar(member, member.name, TYPES[member.type]);
  if (records.length === 0) return header;
  const body = encodePax(records);
  return Buffer.concat([paxHeader(member.name, body.length), body, paddingAfter(body.length), header]);
}

/** What ustar cannot say, by key. */
function paxRecords(member: TarMember): PaxRecord[] {
  const { name, linkName, uid, gid, size, xattrs } = member;
  const records: PaxRecord[] = [];
  if (!fitsName(name)) records.push(['path', name]);
  if (!fitsField(linkName)) records.push(['linkpath', linkName]);
  if (uid > LARGEST_ID) records.push(['uid', String(uid)]);
  if (gid > LARGEST_ID) records.push(['gid', String(gid)]);
  if (size > LARGEST_SIZE) records.push(['size', String(size)]);
  const time = paxTime(member);
  if (time !== undefined) records.push(['mtime', time]);
  for (const xattr of xattrs) {
    const key = Buffer.from(`SCHILY.xattr.${xattr.name}`).toString('latin1');
    records.push([key, xattr.value.toString('latin1')]);
  }
  // Records are UTF-8 unless this one, which then comes first, says that they are bytes.
  const isText = [name, linkName].every(
    (text) => Buffer.from(text, 'latin1').toString('utf8').indexOf('\ufffd') === -1,
  );
  records.sort(([one], [other]) => (one < other ? -1 : 1));
  return isText || records.length === 0 ? records : [['hdrcharset', 'BINARY'], ...records];
}

const [LARGEST_ID, LARGEST_SIZE] = [0o7777777, 0o77777777777];
const [LAST_ASCII, UNDERSCORE] = [0x7e, 0x5f];
const NAME_LENGTH = 100;
const PREFIX_LENGTH = 155;

function fitsField(text: ByteString): boolean {
  return text.length <= NAME_LENGTH && isAscii(text);
}

function fitsName(name: ByteString): boolean {
  return isAscii(name) && (name.length <= NAME_LENGTH || splitName(name) !== undefined);
}

function isAscii(text: ByteString): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > LAST_ASCII) return false;
  return true;
}

/** Prefix and name, of which ustar makes one path again. */
function splitName(name: ByteString): [prefix: ByteString, rest: ByteString] | undefined {
  const slash = name.lastIndexOf('/', Math.min(PREFIX_LENGTH, name.length - 2));
  if (slash <= 0 || name.length - slash - 1 > NAME_LENGTH) return undefined;
  return [name.slice(0, slash), name.slice(slash + 1)];
}

/** Seconds with a fraction, or what does not fit the header; `undefined` where whole seconds are all there is. */
function paxTime({ mtime, mtimeNsec }: TarMember): string | undefined {
  if (mtimeNsec === 0) return mtime < 0 || mtime > LARGEST_SIZE ? String(mtime) : undefined;
  // The fraction counts forward, also before 1970.
  const before = mtime < 0;
  const whole = before ? -(mtime + 1) : mtime;
  const fraction = String(before ? 1e9 - mtimeNsec : mtimeNsec).padStart(9, '0');
  return `${before ? '-' : ''}${whole}.${fraction.replace(/0+$/, '')}`;
}

/** `<length> <key>=<value>\n`; the length counts its own digits. */
function encodePax(records: readonly PaxRecord[]): Buffer {
  const lines = records.map(([key, value]) => {
    const rest = key.length + value.length + 3;
    let length = rest + String(rest).length;
    if (rest + String(length).length !== length) length = rest + String(length).length;
    return `${length} ${key}=${value}\n`;
  });
  return Buffer.from(lines.join(''), 'latin1');
}

function paxHeader(name: ByteString, size: number): Buffer {
  const slash = name.replace(/\/$/, '').lastIndexOf('/');
  const [folder, base] = [name.slice(0, slash + 1), name.slice(slash + 1).replace(/\/$/, '')];
  const header: TarMember = {
    ...{ type: 'file', name: '', linkName: '', mode: 0, uid: 0, gid: 0, mtime: 0, mtimeNsec: 0 },
    ...{ size, major: 0, minor: 0, xattrs: [] },
  };
  return ustar(header, `${folder}PaxHeaders.0/${base}`, 'x');
}

function ustar(member: TarMember, name: ByteString, type: string): Buffer {
  const block = Buffer.alloc(BLOCK);
  const [prefix, rest] = name.length > NAME_LENGTH ? (splitName(name) ?? ['', name]) : ['', name];
  text(block, 0, NAME_LENGTH, rest);
  octal(block, 100, 8, member.mode);
  octal(block, 108, 8, member.uid);
  octal(block, 116, 8, member.gid);
  octal(block, 124, 12, member.size);
  octal(block, 136, 12, member.mtime);
  block.write(type, 156, 'latin1');
  text(block, 157, NAME_LENGTH, member.linkName);
  block.write('ustar\x0000', 257, 'latin1');
  octal(block, 329, 8, member.major);
  octal(block, 337, 8, member.minor);
  text(block, 345, PREFIX_LENGTH, prefix);
  writeChecksum(block);
  return block;
}

/** Cut to the field's length and to ASCII: what does not fit stands in a PAX record. */
function text(block: Buffer, at: number, length: number, value: ByteString): void {
  const bytes = Buffer.from(value.slice(0, length), 'latin1');
  for (const [i, byte] of bytes.entries()) block[at + i] = byte > LAST_ASCII ? UNDERSCORE : byte;
}

/** What does not fit is 0 here, and in a PAX record. */
function octal(block: Buffer, at: number, length: number, value: number): void {
  const digits = value >= 0 ? value.toString(8) : '0';
  block.write((digits.length < length ? digits : '0').padStart(length - 1, '0'), at, 'latin1');
}

function writeChecksum(block: Buffer): void {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}
