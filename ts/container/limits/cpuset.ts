import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { quote } from '../../oci/quote.ts';
import { invalidLimit } from './invalid.ts';

/** What there is to choose from. */
export interface Machine {
  /** As `0-3`. */
  readonly cpus: string;
  readonly mems: string;
  /** How many processors this process may use. */
  readonly processors: number;
}

/** Processors and memory nodes of this machine, read when they are asked for. */
export function thisMachine(): Machine {
  const online = (kind: string) => {
    try {
      return readFileSync(`/sys/devices/system/${kind}/online`, 'utf8').trim();
    } catch {
      // A kernel without memory nodes has this one.
      return '0';
    }
  };
  return {
    get cpus() {
      return online('cpu');
    },
    get mems() {
      return online('node');
    },
    get processors() {
      return availableParallelism();
    },
  };
}

/** @throws ERR_RCX_INVALID_OPTION for a list of what is not there; the kernel would refuse it at the next start only */
export function checkCpuset(flag: string, wanted: string | undefined, availableNow: () => string): void {
  // Docker's empty list is all of them.
  if (wanted === undefined || wanted === '') return;
  const available = availableNow();
  const numbers = parseCpuset(wanted);
  if (numbers === undefined) throw invalidLimit(`${flag}: ${quote(wanted)} is no list of numbers`, 'write it as 0-2,7');
  const there = parseCpuset(available);
  if (there !== undefined && [...numbers].some((number) => !there.has(number))) {
    throw invalidLimit(`${flag}: not all of ${wanted} are there`, `this machine has ${available}`);
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
