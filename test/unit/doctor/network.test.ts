import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { networkFindings } from '../../../ts/doctor/checks/network.ts';
import { Host } from '../../../ts/doctor/host.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rcx-doctor-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const tables = (text: string) => {
  mkdirSync(join(root, 'proc/net'), { recursive: true });
  writeFileSync(join(root, 'proc/net/ip_tables_names'), text);
};

it('finds networks where a trial went well', () => {
  expect(networkFindings(new Host(root), () => undefined)).toEqual([
    { name: 'networks', status: 'ok', found: 'bridge, veth, nf_tables' },
  ]);
});

it('says what the kernel refused, and what that costs', () => {
  const [finding] = networkFindings(new Host(root), () => 'set the packet filter up: rcx-trial: EOPNOTSUPP');
  expect(finding).toMatchObject({ name: 'networks', status: 'missing', found: expect.stringMatching(/EOPNOTSUPP/) });
  expect(finding?.fix).toMatch(/modprobe -a bridge veth .*"defaultNetwork": "none"/);
});

it('knows a missing capability from a missing module', () => {
  const [finding] = networkFindings(new Host(root), () => 'bring the network device up: lo: EPERM');
  expect(finding?.fix).toMatch(/CAP_NET_ADMIN; .*--cap-add NET_ADMIN or --privileged; until then: --network none/);
});

it('warns of a filter that it cannot look into', () => {
  tables('nat\n');
  expect(networkFindings(new Host(root), () => undefined)).toHaveLength(1);
  tables('nat\nfilter\n');
  expect(networkFindings(new Host(root), () => undefined)[1]).toMatchObject({
    name: 'iptables-legacy',
    status: 'reduced',
    fix: expect.stringMatching(/-A FORWARD -i rcx-\+ -j ACCEPT/),
  });
});
