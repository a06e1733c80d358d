import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { readListFormat } from '../../../../cli/output/listFormat.ts';
import { statsListing } from '../../../../cli/output/statsListing.ts';
import type { ContainerStats } from '../../../../ts/container/stats.ts';

const STATS = {
  config: { id: '0123456789abcdef'.repeat(4), name: 'web' },
  asked: 'w',
  cpuPercent: 12.345,
  memory: 1_572_864,
  memoryLimit: 67_108_864,
  memoryPercent: 2.34375,
  network: { in: 1000, out: 2_345_678 },
  block: { in: 0, out: 4096 },
  pids: 3,
} as ContainerStats;

async function lines(format?: string, noTrunc = false): Promise<string[]> {
  const render = await readListFormat(new Command(), format);
  return render(statsListing(noTrunc), [STATS]).join('\n').split('\n');
}

describe('statsListing', () => {
  it('is Docker’s table', async () => {
    expect((await lines()).map((line) => line.split(/ {2,}/))).toEqual([
      ['CONTAINER ID', 'NAME', 'CPU %', 'MEM USAGE / LIMIT', 'MEM %', 'NET I/O', 'BLOCK I/O', 'PIDS'],
      ['0123456789ab', 'web', '12.35%', '1.5MiB / 64MiB', '2.34%', '1kB / 2.35MB', '0B / 4.1kB', '3'],
    ]);
  });

  it('has Docker’s names', async () => {
    const [line = ''] = await lines('json', true);
    expect(JSON.parse(line)).toEqual({
      BlockIO: '0B / 4.1kB',
      CPUPerc: '12.35%',
      Container: 'w',
      ID: STATS.config.id,
      MemPerc: '2.34%',
      MemUsage: '1.5MiB / 64MiB',
      Name: 'web',
      NetIO: '1kB / 2.35MB',
      PIDs: '3',
    });
    expect(await lines('{{.Container}} {{.PIDs}}')).toEqual(['w 3']);
  });
});
