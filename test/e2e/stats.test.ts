import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { waitUntil } from '../support/processes.ts';
import { Terminal } from '../support/pty.ts';
import { RCX_BIN } from '../support/rcxBin.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
  const grow = '$all = "x" x (30 * 1024 * 1024); sleep 600';
  await store.ok(['run', '-d', '--name', 'busy', 'ubuntu', 'sh', '-c', 'while :; do :; done']);
  await store.ok(['run', '-d', '--name', 'big', '-m', '64m', '--pids-limit', '50', 'ubuntu', 'perl', '-e', grow]);
  await store.ok(['create', '--name', 'idle', 'ubuntu', 'true']);
  await waitUntil(async () => Number.parseFloat((await stats('big'))[0]?.MemPerc ?? '') > 45);
});
afterAll(async () => {
  await store.ok(['rm', '-f', ...(await store.ok(['ps', '-aq'])).trim().split('\n')]);
  await store.close();
});

async function stats(...words: string[]): Promise<Record<string, string>[]> {
  const lines = (await store.ok(['stats', '--no-stream', '--format', 'json', ...words])).trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

describe('stats --no-stream', () => {
  it('shows what those use that run', async () => {
    const all = await stats();
    expect(all.map(({ Name }) => Name)).toEqual(['big', 'busy']);
    const [big, busy] = all;
    expect(Number.parseFloat(busy?.CPUPerc ?? '')).toBeGreaterThan(5);
    expect(Number.parseFloat(big?.CPUPerc ?? '')).toBeLessThan(5);
    expect(big).toMatchObject({ PIDs: '1', NetIO: '0B / 0B', BlockIO: expect.stringMatching(/B \/ .*B$/) });
    expect(big?.MemUsage).toMatch(/^[3-6]\d(\.\d+)?MiB \/ 64MiB$/);
    // Without a limit, that of the machine.
    expect(busy).toMatchObject({ PIDs: '1', MemUsage: expect.stringMatching(/^[\d.]+[KM]iB \/ [\d.]+GiB$/) });
  });

  it('is docker’s table', async () => {
    const [titles, line] = (await store.ok(['stats', '--no-stream', 'busy'])).split('\n');
    expect(titles).toMatch(/^CONTAINER ID +NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS$/);
    expect(line).toMatch(/^[0-9a-f]{12} +busy +\d+\.\d\d% +[\d.]+[KM]iB \/ [\d.]+GiB +\d+\.\d\d% +0B \/ 0B +/);
    const format = 'table {{.Container}}\\t{{.Name}}';
    expect(await store.ok(['stats', '--no-stream', '--format', format, 'busy'])).toMatch(
      /^CONTAINER +NAME\nbusy +busy\n/,
    );
  });

  it('shows zeros for what does not run, with -a or by name', async () => {
    const zeros = {
      CPUPerc: '0.00%',
      MemUsage: '0B / 0B',
      MemPerc: '0.00%',
      NetIO: '0B / 0B',
      BlockIO: '0B / 0B',
      PIDs: '0',
    };
    expect((await stats('-a'))[0]).toMatchObject({ Name: 'idle', ...zeros });
    expect(await stats('idle')).toMatchObject([zeros]);
    expect((await stats('--no-trunc', 'idle'))[0]?.ID).toHaveLength(64);
  });

  it('refuses what is not there', async () => {
    expectFailure(await store.rcx(['stats', '--no-stream', 'busy', 'nobody']), 1, /no such container: nobody/);
  });
});

describe('stats', () => {
  it('goes on, line after line, until what was named is removed', async () => {
    await store.ok(['run', '-d', '--name', 'short', 'ubuntu', 'sleep', '600']);
    const watching = store.start(['stats', '--format', '{{.Name}} {{.PIDs}}', 'short']);
    let output = '';
    watching.stdout.on('data', (data) => {
      output += data;
    });
    await waitUntil(() => output.startsWith('short 1\nshort 1\n'));
    await store.ok(['rm', '-f', 'short']);
    expect(await watching).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('is redrawn on a terminal', async () => {
    const terminal = await Terminal.open(store.env, 130);
    try {
      await terminal.type(`${RCX_BIN} stats`);
      await terminal.waitFor(/busy +\d+\.\d\d%/);
      await store.ok(['run', '-d', '--name', 'later', 'ubuntu', 'sleep', '600']);
      await terminal.waitFor(/later +\d+\.\d\d%/);
      const text = await terminal.text();
      expect(text.match(/CONTAINER ID/g)).toHaveLength(1);
      expect(text.match(/busy /g)).toHaveLength(1);
      await terminal.key('C-c');
      await terminal.waitFor(/host>$/);
    } finally {
      await terminal.close();
    }
  });
});
