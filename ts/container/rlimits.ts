import { RcxError } from '../errors.ts';
import { plain, quote } from '../oci/quote.ts';
import type { ResourceLimit } from './options.ts';

/** Docker's names, and what `/proc/self/limits` calls them (proc_pid_limits(5)). */
export const RESOURCES: Readonly<Record<string, string>> = {
  core: 'Max core file size',
  cpu: 'Max cpu time',
  data: 'Max data size',
  fsize: 'Max file size',
  locks: 'Max file locks',
  memlock: 'Max locked memory',
  msgqueue: 'Max msgqueue size',
  nice: 'Max nice priority',
  nofile: 'Max open files',
  nproc: 'Max processes',
  rss: 'Max resident set',
  rtprio: 'Max realtime priority',
  rttime: 'Max realtime timeout',
  sigpending: 'Max pending signals',
  stack: 'Max stack size',
};

/** `--ulimit name=soft[:hard]`; -1 or `unlimited` is no limit. @throws ERR_RCX_INVALID_OPTION */
export function parseUlimit(text: string): ResourceLimit {
  const [name = '', values] = split(text, '=');
  if (values === undefined) throw invalid(text, 'write it as nofile=1024 or nofile=1024:2048');
  if (!Object.hasOwn(RESOURCES, name)) {
    throw invalid(text, `invalid ulimit type: ${plain(name)}; there are ${Object.keys(RESOURCES).join(', ')}`);
  }
  const [softText = '', hardText = softText] = split(values, ':');
  const [soft, hard] = [limit(softText), limit(hardText)];
  if (soft === undefined || hard === undefined) throw invalid(text, 'limits are whole numbers, -1 for none');
  if (amount(soft) > amount(hard)) throw invalid(text, 'the soft limit must not be more than the hard limit');
  return { name, soft, hard };
}

/** A limit as a number that can be compared. */
export function amount(value: number): number {
  return value < 0 ? Number.POSITIVE_INFINITY : value;
}

function limit(text: string): number | undefined {
  if (text === '-1' || text === 'unlimited') return -1;
  const value = Number(text);
  return /^[0-9]+$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
}

function split(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function invalid(text: string, hint: string): RcxError {
  return new RcxError(`read --ulimit: ${quote(text)} is not valid`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'read --ulimit',
    path: plain(text),
    hint,
  });
}
