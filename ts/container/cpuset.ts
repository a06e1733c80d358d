import { readFileSync } from 'node:fs';
import { RcxError } from '../errors.ts';
import { quote } from '../oci/quote.ts';

/** What there is to choose from, as `0-3`. */
export interface Machine {
  cpus: string;
  mems: string;
}

/** Processors and memory nodes of this machine. */
export function thisMachine(): Machine {
  const online = (kind: string) => {
    try {
      return readFileSync(`/sys/devices/system/${kind}/online`, 'utf8').trim();
    } catch {
      // A kernel without memory nodes has this one.
      return '0';
    }
  };
  return { cpus: online('cpu'), mems: online('node') };
}

/** @throws ERR_RCX_INVALID_OPTION for a list of what is not there; the kernel would refuse it at the next start only */
export function checkCpuset(flag: string, wanted: string | undefined, available: string): void {
  if (wanted === undefined) return;
  const numbers = parseCpuset(wanted);
  if (numbers === undefined) throw invalid(`${flag}: ${quote(wanted)} is no list of numbers`, 'write it as 0-2,7');
  const there = parseCpuset(available);
  if (there !== undefined && [...numbers].some((number) => !there.has(number))) {
    throw invalid(`${flag}: not all of ${wanted} are there`, `this machine has ${available}`);
  }
}

/** More than any kernel is built for. */
const MOST_CPUS = 65_536;

/** Numbers of `0-2,7`; `undefined` for what is no such list. */
export function parseCpuset(text: string): ReadonlySet<number> | undefined {
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const [, from, to = from] = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (!(first <= last && last < MOST_CPUS)) return undefined;
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return numbers;
}

function invalid(problem: string, hint: string): RcxError {
  return new RcxError(problem, { code: 'ERR_RCX_INVALID_OPTION', step: 'choose processors and memory nodes', hint });
}
