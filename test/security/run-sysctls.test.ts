import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const refuse = async (flags: string[], message: RegExp) => {
  expectFailure(await store.rcx(['run', ...flags, 'ubuntu', 'true']), 125, message);
  expect(await store.ok(['ps', '-aq'])).toBe('');
};

describe('settings of the kernel', () => {
  it.each([
    'kernel.core_pattern=|/tmp/x',
    'kernel.modprobe=/tmp/x',
    'kernel.hostname=mine',
    'vm.overcommit_memory=1',
    'net./../../kernel/core_pattern=x',
    'net/../kernel/core_pattern=x',
    'net....kernel.core_pattern=x',
  ])('that are the whole machine’s cannot be reached: %s', async (sysctl) => {
    const before = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
    await refuse(['--sysctl', sysctl], /--sysctl/);
    expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).toBe(before);
  });

  it('of a namespace are refused where it is the host’s', async () => {
    const before = readFileSync('/proc/sys/net/core/somaxconn', 'utf8');
    await refuse(['--network', 'host', '--sysctl', 'net.core.somaxconn=7'], /network namespace is the host's/);
    expect(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')).toBe(before);
  });
});
