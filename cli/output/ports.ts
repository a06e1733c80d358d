import type { PortMapping } from '../../ts/container/mappings.ts';

interface Range {
  first: PortMapping;
  length: number;
}

/** Docker's column: `0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 443/tcp`; ports that follow one another are one. */
export function portsText(mappings: readonly PortMapping[], exposed: readonly string[]): string {
  const published = new Set(mappings.map(({ port, protocol }) => `${port}/${protocol}`));
  const ranges: Range[] = [];
  for (const mapping of mappings) {
    const range = ranges.find((each) => goesOn(each, mapping));
    if (range === undefined) ranges.push({ first: mapping, length: 1 });
    else range.length++;
  }
  return [...ranges.map(rangeText), ...exposed.filter((port) => !published.has(port))].join(', ');
}

function goesOn({ first, length }: Range, next: PortMapping): boolean {
  const isSame = first.ip === next.ip && first.protocol === next.protocol;
  return isSame && next.port === first.port + length && next.hostPort === first.hostPort + length;
}

function rangeText({ first: { ip, hostPort, port, protocol }, length }: Range): string {
  const range = (from: number) => (length === 1 ? String(from) : `${from}-${from + length - 1}`);
  return `${ip.includes(':') ? `[${ip}]` : ip}:${range(hostPort)}->${range(port)}/${protocol}`;
}
