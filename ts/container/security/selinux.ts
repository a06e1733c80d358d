import { existsSync } from 'node:fs';
import { RcxError } from '../../errors.ts';
import { readHostFile } from '../hostFile.ts';

/** What `--security-opt label=…` says, in Docker's words; all parts are of the process, but for `filetype`. */
export interface LabelWish {
  /** No label of a container's: then it is as confined as rcx itself. */
  disable?: true;
  user?: string;
  role?: string;
  type?: string;
  level?: string;
  filetype?: string;
}

/** Labels of a container's processes and of its files. */
export interface SelinuxLabels {
  process?: string;
  mount?: string;
}

const PARTS = ['user', 'role', 'type', 'level', 'filetype'] as const;
/** Categories of a policy with multi-category security. */
const CATEGORIES = 1024;
/** What Docker labels the files of a container without a label: no other has these. */
const OWN_CATEGORIES = 'c1022,c1023';

/** The kernel has SELinux, it was not turned off when it was booted, and there is a way to it. */
export function hasSelinux(): boolean {
  return existsSync('/sys/fs/selinux/enforce');
}

/**
 * Reads the value of one `label=…`, on top of those before it.
 * @returns `undefined` for what is none
 */
export function readLabel(value: string, before: LabelWish = {}): LabelWish | undefined {
  if (value === 'disable') return { ...before, disable: true };
  const colon = value.indexOf(':');
  const part = PARTS.find((name) => name === value.slice(0, colon));
  const text = value.slice(colon + 1);
  return part === undefined || text === '' ? undefined : { ...before, [part]: text };
}

/** The labels that the policy has for containers: `lxc_contexts`, which the package container-selinux brings. */
export interface LabelDefaults {
  process: string;
  file: string;
}

/** @returns `undefined` where the policy has none: then containers are as confined as rcx itself */
export function labelDefaults(read: (path: string) => string | undefined = readHostFile): LabelDefaults | undefined {
  const type = /^\s*SELINUXTYPE\s*=\s*(\S+)/m.exec(read('/etc/selinux/config') ?? '')?.[1] ?? 'targeted';
  const text = read(`/etc/selinux/${type}/contexts/lxc_contexts`);
  const value = (name: string) => new RegExp(`^\\s*${name}\\s*=\\s*"?([^"\\s]+)"?`, 'm').exec(text ?? '')?.[1];
  const [process, file] = [value('process'), value('file')];
  return process === undefined || file === undefined ? undefined : { process, file };
}

/**
 * The labels of a container, as Docker makes them up.
 * @param taken levels that other containers have
 * @param seed where the search for a free one begins, 0 to 1
 */
export function makeLabels(
  defaults: LabelDefaults,
  wish: LabelWish,
  taken: ReadonlySet<string>,
  seed: number,
): SelinuxLabels {
  const [process, file] = [parse(defaults.process), parse(defaults.file)];
  if (wish.disable) return { mount: format({ ...file, ...level(file, `${sensitivity(file)}:${OWN_CATEGORIES}`) }) };
  const own = wish.level ?? freeLevel(sensitivity(process), taken, seed);
  const { user, role, type, filetype } = wish;
  return {
    process: format({
      ...process,
      ...level(process, own),
      ...(user !== undefined && { user }),
      ...(role !== undefined && { role }),
      ...(type !== undefined && { type }),
    }),
    mount: format({
      ...file,
      ...level(file, own),
      ...(user !== undefined && { user }),
      ...(filetype !== undefined && { type: filetype }),
    }),
  };
}

/** A label that every container may use: without the categories of one. */
export function sharedLabel(label: string): string {
  const parts = parse(label);
  return format({ ...parts, ...level(parts, sensitivity(parts)) });
}

/** The level of a label, which the categories are in. */
export function levelOf(label: string): string | undefined {
  return parse(label).level;
}

/** A wish for the label of another container. */
export function wishFor(label: string): LabelWish {
  const { user, role, type, level: own } = parse(label);
  return { user, role, type, ...(own !== undefined && { level: own }) };
}

interface Parts {
  user: string;
  role: string;
  type: string;
  /** Absent in a policy without levels. */
  level?: string;
}

function parse(label: string): Parts {
  const [user = '', role = '', type = '', ...rest] = label.split(':');
  return { user, role, type, ...(rest.length > 0 && { level: rest.join(':') }) };
}

function format({ user, role, type, level: own }: Parts): string {
  return [user, role, type, ...(own === undefined ? [] : [own])].join(':');
}

/** A policy without levels gets none. */
function level(of: Parts, wanted: string): Pick<Parts, 'level'> {
  return of.level === undefined ? {} : { level: wanted };
}

/** `s0` of `s0:c1,c2`, and of `s0-s0:c0.c1023`. */
function sensitivity({ level: own = 's0' }: Parts): string {
  return /^[^:-]+/.exec(own)?.[0] ?? 's0';
}

/** Two categories that no other container has: it can use its own files and those of none. */
function freeLevel(of: string, taken: ReadonlySet<string>, seed: number): string {
  const pairs = (CATEGORIES * (CATEGORIES - 1)) / 2;
  const first = Math.floor(seed * pairs);
  for (let tried = 0; tried < pairs; tried++) {
    const [low, high] = pair((first + tried) % pairs);
    const found = `${of}:c${low},c${high}`;
    if (!taken.has(found)) return found;
  }
  const step = 'find SELinux categories for the container';
  throw new RcxError(`${step}: other containers have all ${pairs} pairs`, { code: 'ERR_RCX_SELINUX', step });
}

/** The pair with a number: those with the same high category follow each other. */
function pair(number: number): [low: number, high: number] {
  const high = Math.floor((1 + Math.sqrt(1 + 8 * number)) / 2);
  return [number - (high * (high - 1)) / 2, high];
}
