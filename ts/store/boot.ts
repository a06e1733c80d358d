import { readFileSync } from 'node:fs';

let boot: string | undefined;

/** What the kernel calls this boot of the machine: a new one after each restart, proc_sys_kernel(5). */
export function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return boot;
}
