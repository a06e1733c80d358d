import type { ContainerStats } from '../../ts/container/stats.ts';
import type { Transfer } from '../../ts/container/usageFiles.ts';
import { formatMemory, formatSize } from './format.ts';
import { shortId } from './ids.ts';
import type { Listing } from './listFormat.ts';

/** Docker's columns of what containers use. */
export function statsListing(noTrunc: boolean): Listing<ContainerStats> {
  return {
    columns: {
      Container: { header: 'CONTAINER', cell: ({ asked }) => asked },
      ID: { header: 'CONTAINER ID', cell: ({ config }) => (noTrunc ? config.id : shortId(config.id)) },
      Name: { header: 'NAME', cell: ({ config }) => config.name },
      CPUPerc: { header: 'CPU %', cell: ({ cpuPercent }) => formatPercent(cpuPercent) },
      MemUsage: {
        header: 'MEM USAGE / LIMIT',
        cell: ({ memory, memoryLimit }) => `${formatMemory(memory)} / ${formatMemory(memoryLimit)}`,
      },
      MemPerc: { header: 'MEM %', cell: ({ memoryPercent }) => formatPercent(memoryPercent) },
      NetIO: { header: 'NET I/O', cell: ({ network }) => formatTransfer(network) },
      BlockIO: { header: 'BLOCK I/O', cell: ({ block }) => formatTransfer(block) },
      PIDs: { header: 'PIDS', cell: ({ pids }) => String(pids) },
    },
    table: ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs'],
  };
}

function formatPercent(percent: number): string {
  return `${percent.toFixed(2)}%`;
}

function formatTransfer(transfer: Transfer): string {
  return `${formatSize(transfer.in)} / ${formatSize(transfer.out)}`;
}
