import { inject, it } from 'vitest';

/** Whether what is under test is run by an ordinary user. */
export const IS_USER = inject('e2e')?.user !== undefined;

/** A test of what only root can do, or see: of an ordinary user it is skipped, with the reason in its name. */
export function rootOnly(reason: string, name: string, body: () => Promise<void>): void {
  if (IS_USER) it.skip(`${name} (skipped: ${reason})`, body);
  else it(name, body);
}

/** A test of what takes ids of others: where an ordinary user has none it is skipped, with the reason in its name. */
export function unlessSingle(name: string, body: () => Promise<void>): void {
  if (inject('e2e')?.user?.kind === 'single') it.skip(`${name} (skipped: this user has one id)`, body);
  else it(name, body);
}

/** Why. */
export const NO_CGROUP = 'an ordinary user has no cgroup here';
/** Why. */
export const OTHER_IDS = 'the machine knows the files of an ordinary user by other ids';
