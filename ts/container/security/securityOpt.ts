import { readFileSync } from 'node:fs';
import { RcxError } from '../../errors.ts';
import { native } from '../../native/index.ts';
import { parseBool } from '../../oci/parseBool.ts';
import { toRcxError } from '../../store/nativeError.ts';
import type { SeccompChoice } from '../spec/types.ts';
import { apparmorProfile } from './apparmor.ts';
import { hasSelinux, type LabelWish, readLabel } from './selinux.ts';

/** What the options of `--security-opt` come to. */
export interface SecurityOptions {
  /** `undefined` where nothing was said. */
  seccomp?: SeccompChoice;
  noNewPrivileges: boolean;
  /** `undefined` for rcx's own where the kernel has AppArmor. */
  apparmor?: string;
  /** Of the SELinux labels. */
  label?: LabelWish;
  /** Neither masks nor read-only paths. */
  systemPathsUnconfined: boolean;
  /** As Docker's `inspect` shows them: profiles with their content. */
  shown: string[];
}

const FORMS =
  'there are seccomp=FILE|unconfined|builtin, no-new-privileges[=true|false], apparmor=PROFILE|unconfined, ' +
  'label=disable, label=user|role|type|level|filetype:VALUE and systempaths=unconfined';

/**
 * Reads options as `docker run` takes them, `name=value` or with the older colon; of several for the same the last counts.
 * @throws ERR_RCX_INVALID_OPTION for an unknown one, ERR_RCX_SECCOMP_PROFILE for a profile that cannot be read or used,
 * ERR_RCX_UNSUPPORTED for what this machine cannot apply
 */
export function readSecurityOptions(texts: readonly string[]): SecurityOptions {
  const read: SecurityOptions = { noNewPrivileges: false, systemPathsUnconfined: false, shown: [] };
  for (const text of texts) {
    const shown = readOne(text, read);
    if (shown !== undefined) read.shown.push(shown);
  }
  return read;
}

/** @returns the option as it is shown; `systempaths` is not, its lists are */
function readOne(text: string, read: SecurityOptions): string | undefined {
  const [, name = text, value] = /^([^=:]*)[=:](.*)$/s.exec(text) ?? [];
  switch (name) {
    case 'no-new-privileges':
      read.noNewPrivileges = value === undefined || truth(text, value);
      return text;
    case 'seccomp':
      read.seccomp = seccompChoice(text, value);
      return typeof read.seccomp === 'object' ? `seccomp=${read.seccomp.profile}` : text;
    case 'apparmor':
      read.apparmor = apparmorProfile(given(text, value));
      return text;
    case 'label':
      read.label = labelWish(text, given(text, value), read.label);
      return text;
    case 'systempaths':
      if (value !== 'unconfined') throw invalid(text);
      read.systemPathsUnconfined = true;
      return undefined;
    default:
      throw invalid(text);
  }
}

function labelWish(text: string, value: string, before: LabelWish | undefined): LabelWish {
  const wish = readLabel(value, before);
  if (wish === undefined) throw invalid(text);
  if (!wish.disable && !hasSelinux()) throw noSelinux(text);
  return wish;
}

function seccompChoice(text: string, value: string | undefined): SeccompChoice {
  const file = given(text, value);
  if (file === 'unconfined') return 'unconfined';
  return file === 'builtin' ? 'default' : { profile: readProfile(file) };
}

/** A profile's text, which the container keeps: it can be started without the file. */
function readProfile(path: string): string {
  const step = 'read the seccomp profile';
  const code = 'ERR_RCX_SECCOMP_PROFILE';
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const { errno } = toRcxError(cause, code);
    const message = `${step}: ${path}: ${(cause as Error).message}`;
    throw new RcxError(message, { code, step, path, errno, hint: 'give a file, unconfined or builtin', cause });
  }
  try {
    return native().checkSeccompProfile(text);
  } catch (error) {
    const cause = toRcxError(error, code);
    const why = cause.message.replace(`${step}: `, '');
    throw new RcxError(`${step}: ${path}: ${why}`, { code: cause.code, step, path, hint: cause.hint, cause });
  }
}

function given(text: string, value: string | undefined): string {
  if (value === undefined || value === '') throw invalid(text);
  return value;
}

function truth(text: string, value: string): boolean {
  const read = parseBool(value);
  if (read === undefined) throw invalid(text);
  return read;
}

function invalid(text: string): RcxError {
  const step = 'read --security-opt';
  return new RcxError(`${step}: ${JSON.stringify(text)} is not valid`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step,
    path: text,
    hint: FORMS,
  });
}

function noSelinux(text: string): RcxError {
  const step = 'read --security-opt';
  return new RcxError(`${step}: ${text}: the kernel has no SELinux, or /sys/fs/selinux is not mounted`, {
    code: 'ERR_RCX_UNSUPPORTED',
    step,
    path: text,
    hint: 'leave it out, or write label=disable',
  });
}
