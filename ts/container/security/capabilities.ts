import { readFileSync } from 'node:fs';
import { RcxError } from '../../errors.ts';
import { isOutside } from '../../rootless/caller.ts';
import { ALL_CAPABILITIES, CAPABILITIES } from '../spec/defaults.ts';

/** What is added to Docker's default capabilities and taken from them: full names or `ALL`, sorted. */
export interface CapabilityChange {
  add: string[];
  drop: string[];
}

const ALL = 'ALL';

/**
 * The wishes of a user as `docker run` sends them on: names in any case and without `CAP_`; `ALL` beside others stands for them;
 * what is added and dropped is added.
 * @throws ERR_RCX_INVALID_OPTION for a name that no kernel knows
 */
export function capabilityChange(add: readonly string[] = [], drop: readonly string[] = []): CapabilityChange {
  const added = normalized('--cap-add', add);
  return { add: added, drop: normalized('--cap-drop', drop).filter((name) => !added.includes(name)) };
}

function normalized(flag: string, names: readonly string[]): string[] {
  const full = new Set(names.map((text) => fullName(flag, text)));
  return full.has(ALL) ? [ALL] : [...full].sort();
}

function fullName(flag: string, text: string): string {
  const upper = text.trim().toUpperCase();
  const name = upper === ALL || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (name === ALL || ALL_CAPABILITIES.includes(name)) return name;
  const step = `read ${flag}`;
  throw new RcxError(`${step}: unknown capability: ${JSON.stringify(text)}`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step,
    path: text,
    hint: `give ALL or one of ${ALL_CAPABILITIES.map((known) => known.slice(4)).join(', ')}`,
  });
}

/**
 * The capabilities of a container, as Docker makes them up: all that can be had without those that are dropped; or those alone
 * that are added; or the default, less and more.
 * @param available those that rcx can give
 * @throws ERR_RCX_UNSUPPORTED for one that is named and cannot be had
 */
export function capabilitiesOf(change: CapabilityChange, available = availableCapabilities): string[] {
  const { add, drop } = change;
  if (add.length === 0 && drop.length === 0) return [...CAPABILITIES];
  const has = available();
  if (add.includes(ALL)) return has.filter((name) => !drop.includes(name));
  const missing = add.find((name) => !has.includes(name));
  if (missing !== undefined) throw unavailable(missing);
  if (drop.includes(ALL)) return add;
  const kept = CAPABILITIES.filter((name) => !drop.includes(name));
  return [...kept, ...add.filter((name) => !kept.includes(name))];
}

/** What this process may hand on: what the kernel has, it holds, and could get back at an exec. */
export function availableCapabilities(status = readFileSync('/proc/self/status', 'utf8')): string[] {
  if (isOutside()) return capabilitiesOfKernel();
  const set = (field: string) => BigInt(`0x${new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  const held = set('CapPrm') & set('CapBnd');
  return ALL_CAPABILITIES.filter((_, number) => ((held >> BigInt(number)) & 1n) === 1n);
}

/** Root of a user namespace has all of them there (user_namespaces(7)). */
function capabilitiesOfKernel(): string[] {
  const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
  return ALL_CAPABILITIES.filter((_, number) => number <= last);
}

function unavailable(name: string): RcxError {
  const step = 'give the container a capability';
  return new RcxError(`${step}: ${name}: the kernel does not have it, or rcx itself was started without it`, {
    code: 'ERR_RCX_UNSUPPORTED',
    step,
    path: name,
    hint: 'leave it out of --cap-add, or run rcx with it',
  });
}
