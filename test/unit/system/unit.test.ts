import { describe, expect, it } from 'vitest';
import { systemdUnit } from '../../../ts/system/unit.ts';

describe('systemdUnit', () => {
  it('calls this rcx with this Node at the start of the machine', () => {
    const unit = systemdUnit({ isUser: false, env: {} });
    expect(unit).toMatch(/^ExecStart=\S*node\S* \S+\/bin\/rcx\.js system boot$/m);
    expect(unit).toMatch(/^WantedBy=multi-user\.target$/m);
    expect(unit).not.toContain('Environment=');
  });

  it('is of the user’s own session otherwise', () => {
    expect(systemdUnit({ isUser: true, env: {} })).toMatch(/^WantedBy=default\.target$/m);
  });

  it('keeps the store, whatever it is called', () => {
    const unit = systemdUnit({ isUser: false, env: { RCX_ROOT: '/a b/100%/$x"\\', HOME: '/root' } });
    expect(unit).toContain('Environment="RCX_ROOT=/a b/100%%/$$x\\"\\\\"\n');
    expect(unit).not.toContain('HOME');
  });
});
