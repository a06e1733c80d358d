import { expect, it } from 'vitest';
import { DEEP_LAYERS } from '../support/vm/images.ts';
import { describeMachine } from '../support/vm/machine.ts';

describeMachine('the union mount', (vm) => {
  const newest = String(DEEP_LAYERS - 1);
  const options = () => vm.line('deep', 'mount').split(' - overlay overlay ')[1] ?? '';

  it(`has all of ${DEEP_LAYERS} layers, the last one on top`, () => {
    expect(vm.result('deep')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(vm.line('deep', 'files')).toBe(newest);
    expect(vm.line('deep', 'newest')).toBe(newest);
    expect(vm.line('deep', 'removed')).toBe(newest);
    expect(vm.line('deep', 'written')).toBe('text');
  });

  it('is made by mount(2) with layers by descriptor where the kernel has no lowerdir+', () => {
    const [major = 0, minor = 0] = vm.output('kernel').split('.').map(Number);
    const legacy = major < 6 || (major === 6 && minor < 5);
    const [, layers = ''] = /lowerdir=([^,]*)/.exec(options()) ?? [];
    // rcx' own init layer is one more.
    if (legacy) expect(layers.split(':')).toHaveLength(DEEP_LAYERS + 1);
    expect(/^\d+(:\d+)+$/.test(layers)).toBe(legacy);
    const [container] = JSON.parse(vm.output('limited-inspect')) as [{ OverlayApi: string }];
    expect(container.OverlayApi).toBe(legacy ? 'mount' : 'fsconfig');
  });

  it('makes the kernel complain of nothing', () => {
    expect(vm.console).not.toContain('overlayfs:');
  });

  it('is refused on a ramfs, where nothing could be deleted', () => {
    const { exitCode, stdout, stderr } = vm.result('initramfs-store');
    expect({ exitCode, stdout }).toEqual({ exitCode: 125, stdout: '' });
    expect(stderr).toMatch(/^rcx: .* on ramfs.*: \/store\/containers\/\S+; .*RCX_ROOT.*\n$/);
  });

  it('leaves out flushing what --rm is going to remove', () => {
    expect(options().split(',')).toContain('volatile');
  });
});
