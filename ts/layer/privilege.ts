import { readFileSync } from 'node:fs';
import type { LayerSinkOptions } from '../native/index.ts';
import { hasSingleId, isFirstNamespace } from '../rootless/caller.ts';

const CAP_CHOWN = 0n;
const CAP_SYS_ADMIN = 21n;
const CAP_MKNOD = 27n;

/**
 * What this process may do to a layer's tree. `trusted.*` attributes and device nodes need capabilities in the machine's
 * first user namespace; root of any other one has neither.
 */
export function sinkOptions(): LayerSinkOptions {
  const capabilities = BigInt(
    `0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0}`,
  );
  const has = (capability: bigint) => ((capabilities >> capability) & 1n) === 1n;
  const privileged = has(CAP_SYS_ADMIN) && has(CAP_MKNOD) && isFirstNamespace();
  const ownership = has(CAP_CHOWN) ? (hasSingleId() ? 'recorded' : 'given') : 'callers';
  return { privileged, ownership, userxattr: !privileged };
}
