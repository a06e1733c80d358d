import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../ts/doctor/finding.ts';
import { newStore, type Store } from '../support/cli.ts';
import { RCX_BIN } from '../support/rcxBin.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore();
});
afterAll(() => store.close());

/** The findings of a doctor that was called by way of other programs. */
async function examined(words: string[], env: Record<string, string> = {}) {
  const [file = '', ...args] = [...words, RCX_BIN, 'doctor', '--format', 'json'];
  const result = await execa(file, args, { env: { ...store.env, ...env }, extendEnv: false, reject: false });
  const findings = JSON.parse(result.stdout) as Finding[];
  const of = (name: string) => findings.find((finding) => finding.name === name);
  return { exitCode: result.exitCode, findings, of };
}

describe('rcx doctor', () => {
  it('finds that containers run here, by running one', async () => {
    const { exitCode, findings, of } = await examined(['env']);
    expect(exitCode, JSON.stringify(findings)).toBe(0);
    expect(of('a container')).toMatchObject({ status: 'ok', found: expect.stringMatching(/^ran true, in \d+ ms$/) });
    expect(of('kernel')?.found).toContain('Linux ');
    for (const { status, costs, fix } of findings) {
      expect([costs, fix].every((text) => (text === undefined) === (status === 'ok'))).toBe(true);
    }
  });

  it('prints a line for each finding, and how many there are of which kind', async () => {
    const { stdout } = await store.rcx(['doctor']);
    expect(stdout).toMatch(/^ok {7}privilege +root$/m);
    expect(stdout).toMatch(/\n\d+ ok, \d+ reduced, 0 missing\n$/);
  });

  it('leaves nothing, and no bridge either', async () => {
    const config = join(store.folder, 'bridge.json');
    writeFileSync(config, JSON.stringify({ defaultNetwork: 'bridge' }));
    const words = ['--net', 'sh', '-c', '"$0" doctor >&2; ip -o link; nft list tables', RCX_BIN];
    const env = { ...store.env, RCX_CONFIG: config };
    const { stdout, stderr } = await execa('unshare', words, { env, extendEnv: false });
    expect(stderr).toMatch(/^ok +a container +ran true/m);
    expect(stdout).toMatch(/^1: lo: .*$/);
    expect(readdirSync(join(store.root, 'containers'))).toEqual([]);
  });

  it('says what is not there where namespaces are forbidden, and fails', async () => {
    const { exitCode, of } = await examined(['setpriv', '--bounding-set', '-sys_admin', '--inh-caps', '-all']);
    expect(exitCode).toBe(1);
    expect(of('namespaces')).toMatchObject({ status: 'missing', found: expect.stringContaining('mount: EPERM') });
    expect(of('a container')).toMatchObject({ status: 'missing', found: expect.stringContaining('EPERM') });
  });

  it('knows file systems that overlayfs cannot write to', async () => {
    const folder = join(store.folder, 'ramfs');
    mkdirSync(folder);
    const mounted = ['unshare', '--mount', 'sh', '-c', `mount -t ramfs none ${folder} && exec "$@"`, 'sh'];
    const { exitCode, of } = await examined(mounted, { RCX_ROOT: join(folder, 'root') });
    expect(exitCode).toBe(1);
    expect(of('store')).toMatchObject({ status: 'missing', found: expect.stringMatching(/ on ramfs$/) });
    expect(of('a container')).toMatchObject({ status: 'missing' });
  });
});
