import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/** Set by `rcx-runtime enter` for what runs as root of an ordinary user's namespace: his number outside of it. */
const INSIDE = 'RCX_ROOTLESS_UID';

/** The number of the ordinary user whom this process works for; `undefined` for root. */
export function ordinaryUser(env: NodeJS.ProcessEnv = process.env): number | undefined {
  const own = process.geteuid?.() ?? 0;
  if (own !== 0) return own;
  const outer = env[INSIDE];
  return outer !== undefined && /^[1-9][0-9]{0,9}$/.test(outer) && !isFirstNamespace() ? Number(outer) : undefined;
}

/** Whether this process is an ordinary user's, and not in the namespace in which he is root. */
export function isOutside(): boolean {
  return process.geteuid?.() !== 0;
}

/** The first user namespace of the machine maps every id to itself (user_namespaces(7)). */
export function isFirstNamespace(): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
}

/** Whether this process is in a user namespace with one id: that of its user. */
export function hasSingleId(): boolean {
  return /^\s*0\s+[0-9]+\s+1\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
}

/** The address that others reach this machine by, if it has one. */
export function hostAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
}
