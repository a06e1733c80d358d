import { expect, it } from 'vitest';
import { refuseOverProc } from '../../../../ts/container/spec/overProc.ts';

const bind =
  (target: string, source = '/data') =>
  () =>
    refuseOverProc({ type: 'bind', source, target, options: ['rbind'] });

it.each(['/proc', '/proc/self', '/proc/sys/net', '/proc/uptime/x', '/proc/cpuinfo2'])('refuses %s', (target) => {
  expect(bind(target)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_MOUNT', path: target }));
});

it('allows what lxcfs provides, the host’s own /proc, and what only looks like it', () => {
  for (const target of ['/proc/uptime', '/proc/net/dev', '/process', '/data/proc']) expect(bind(target)).not.toThrow();
  expect(bind('/proc', '/proc')).not.toThrow();
  expect(bind('/proc/sys', '/proc/sys')).toThrow(/inside \/proc/);
});
