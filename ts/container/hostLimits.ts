import { readFileSync } from 'node:fs';
import { RcxError } from '../errors.ts';
import type { ContainerOptions, ResourceLimit } from './options.ts';
import { amount, RESOURCES } from './rlimits.ts';

/** capabilities(7). */
const CAP_SYS_RESOURCE = 24n;

/** What this process may set; by default what the kernel says. */
export interface OwnLimits {
  /** Text of `/proc/self/limits`. */
  limits: string;
  /** `CapEff` of `/proc/self/status`. */
  capabilities: bigint;
  oomScoreAdj: number;
  /** Most that `nofile` can be, `/proc/sys/fs/nr_open`. */
  mostFiles: number;
}

/**
 * Makes sure that this process can set the limits that are asked for, so that no container is made in vain.
 * @throws ERR_RCX_RLIMIT, ERR_RCX_OOM_SCORE
 */
export function requireLimits(
  { rlimits = [], oomScoreAdj }: Pick<ContainerOptions, 'rlimits' | 'oomScoreAdj'>,
  own: OwnLimits = ownLimits(),
): void {
  const privileged = ((own.capabilities >> CAP_SYS_RESOURCE) & 1n) === 1n;
  for (const wanted of rlimits) {
    const most = privileged ? Number.POSITIVE_INFINITY : hardLimit(own.limits, wanted.name);
    if (amount(wanted.hard) > most)
      throw tooMuch(wanted, most, 'rcx may have no more itself, without CAP_SYS_RESOURCE');
    if (wanted.name === 'nofile' && amount(wanted.hard) > own.mostFiles) {
      throw tooMuch(wanted, own.mostFiles, 'the kernel allows no more; raise fs.nr_open on the host');
    }
  }
  if (oomScoreAdj === undefined || privileged || oomScoreAdj >= own.oomScoreAdj) return;
  throw new RcxError(`set the out-of-memory score to ${oomScoreAdj}: rcx has ${own.oomScoreAdj} and may not lower it`, {
    code: 'ERR_RCX_OOM_SCORE',
    step: 'set the out-of-memory score',
    hint: 'it takes CAP_SYS_RESOURCE',
  });
}

function ownLimits(): OwnLimits {
  const read = (path: string) => readFileSync(path, 'utf8');
  return {
    limits: read('/proc/self/limits'),
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status'))?.[1] ?? '0'}`),
    oomScoreAdj: Number(read('/proc/self/oom_score_adj')),
    mostFiles: Number(read('/proc/sys/fs/nr_open')),
  };
}

function hardLimit(limits: string, name: string): number {
  const line = limits.split('\n').find((each) => each.startsWith(`${RESOURCES[name]} `)) ?? '';
  const hard = line.slice(RESOURCES[name]?.length).trim().split(/\s+/)[1];
  return hard === undefined || hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
}

function tooMuch({ name, hard }: ResourceLimit, most: number, hint: string): RcxError {
  const wanted = hard < 0 ? 'unlimited' : String(hard);
  return new RcxError(`limit ${name} to ${wanted}: the most is ${most}`, {
    code: 'ERR_RCX_RLIMIT',
    step: `limit ${name}`,
    path: wanted,
    hint,
  });
}
