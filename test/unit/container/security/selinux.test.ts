import { describe, expect, it } from 'vitest';
import {
  labelDefaults,
  levelOf,
  makeLabels,
  readLabel,
  sharedLabel,
  wishFor,
} from '../../../../ts/container/security/selinux.ts';

const defaults = { process: 'system_u:system_r:container_t:s0', file: 'system_u:object_r:container_file_t:s0' };
const none = new Set<string>();

describe('readLabel', () => {
  it.each([
    ['disable', { disable: true }],
    ['user:staff_u', { user: 'staff_u' }],
    ['type:svirt_t', { type: 'svirt_t' }],
    ['level:s0:c1,c2', { level: 's0:c1,c2' }],
    ['filetype:data_t', { filetype: 'data_t' }],
  ])('%s', (text, wish) => {
    expect(readLabel(text)).toEqual(wish);
    expect(readLabel(text, { role: 'system_r' })).toEqual({ role: 'system_r', ...wish });
  });

  it.each(['', 'disabled', 'type', 'type:', ':x', 'colour:red'])('%j is none', (text) => {
    expect(readLabel(text)).toBeUndefined();
  });
});

describe('labelDefaults', () => {
  const files = (config: string | undefined, contexts: Record<string, string>) => (path: string) =>
    path === '/etc/selinux/config' ? config : contexts[path];

  it('are those of the policy in force', () => {
    const text = `process = "${defaults.process}"\ncontent = "a:b:c:s0"\nfile = "${defaults.file}"\n`;
    const mls = files('# x\nSELINUX=enforcing\nSELINUXTYPE=mls\n', { '/etc/selinux/mls/contexts/lxc_contexts': text });
    expect(labelDefaults(mls)).toEqual(defaults);
    const unquoted = text.replaceAll('"', '').replaceAll(' = ', '=');
    const targeted = files(undefined, { '/etc/selinux/targeted/contexts/lxc_contexts': unquoted });
    expect(labelDefaults(targeted)).toEqual(defaults);
  });

  it('are none where the policy has none', () => {
    expect(labelDefaults(() => undefined)).toBeUndefined();
    expect(labelDefaults(() => 'process = "a:b:c"\n')).toBeUndefined();
  });
});

describe('makeLabels', () => {
  it('gives process and files two categories of their own', () => {
    const { process = '', mount = '' } = makeLabels(defaults, {}, none, 0.5);
    expect(process).toMatch(/^system_u:system_r:container_t:s0:c\d+,c\d+$/);
    expect(mount).toBe(`system_u:object_r:container_file_t:${levelOf(process)}`);
  });

  it.each([0, 0.1, 0.5, 0.999_999_9])('has the categories of a pair in order, as policies want them (%d)', (seed) => {
    const { process = '' } = makeLabels(defaults, {}, none, seed);
    const [, low, high] = /c(\d+),c(\d+)$/.exec(process) ?? [];
    expect(Number(low)).toBeLessThan(Number(high));
    expect(Number(high)).toBeLessThan(1024);
  });

  it('gives no pair twice', () => {
    const taken = new Set<string>();
    for (let count = 0; count < 3000; count++) {
      const level = levelOf(makeLabels(defaults, {}, taken, 0.9999).process ?? '') ?? '';
      expect(taken).not.toContain(level);
      taken.add(level);
    }
  });

  it('gives each part where Docker has it', () => {
    const wish = { user: 'u', role: 'r', type: 't', level: 's0:c1', filetype: 'f' };
    expect(makeLabels(defaults, wish, none, 0)).toEqual({ process: 'u:r:t:s0:c1', mount: 'u:object_r:f:s0:c1' });
  });

  it('gives files that nobody else has, and no label to the process, when disabled', () => {
    expect(makeLabels(defaults, { disable: true, type: 't' }, none, 0)).toEqual({
      mount: 'system_u:object_r:container_file_t:s0:c1022,c1023',
    });
  });

  it('has no categories in a policy without levels', () => {
    const flat = { process: 'u:r:container_t', file: 'u:object_r:container_file_t' };
    expect(makeLabels(flat, {}, none, 0)).toEqual({ process: flat.process, mount: flat.file });
  });
});

it('a shared label has no categories', () => {
  expect(sharedLabel('u:object_r:f:s0:c1,c2')).toBe('u:object_r:f:s0');
  expect(sharedLabel('u:object_r:f:s1-s2:c0.c1023')).toBe('u:object_r:f:s1');
  expect(sharedLabel('u:object_r:f')).toBe('u:object_r:f');
});

it('the label of another container can be had again', () => {
  const { process = '' } = makeLabels(defaults, { type: 'other_t' }, none, 0.3);
  expect(makeLabels(defaults, wishFor(process), none, 0.7).process).toBe(process);
});
