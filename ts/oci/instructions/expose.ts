import { quote } from '../quote.ts';
import { expander } from './environment.ts';
import type { Apply, Failure } from './instruction.ts';
import { split } from './pieces.ts';
import { withNames } from './record.ts';

const PROTOCOLS = ['tcp', 'udp', 'sctp'];
const HIGHEST_PORT = 65_535;

/** `EXPOSE 80 53/udp 8000-8010/tcp`; a variable may hold several ports. */
export const expose: Apply = ({ config }, instruction) => {
  const words = split(expander(config.Env, instruction)(instruction.rest));
  if (words.length === 0) throw instruction.fail('it names no port');
  // A set, so that ranges that are repeated do not fill the memory.
  const ports = new Set<string>();
  for (const word of words) for (const port of readPorts(word, instruction.fail)) ports.add(port);
  return { ...config, ExposedPorts: withNames(config.ExposedPorts, [...ports]) };
};

/** `8000-8001/TCP` → `8000/tcp`, `8001/tcp`. */
function readPorts(word: string, fail: Failure): string[] {
  const [, first, last = first, written = ''] = /^([0-9]+)(?:-([0-9]+))?(?:\/(.*))?$/s.exec(word) ?? [];
  if (first === undefined) {
    const mapping = word.includes(':');
    throw mapping
      ? fail(`${quote(word)} names a port of the host`, 'write the port of the container alone.')
      : fail(`${quote(word)} is not a port`);
  }
  const [from, to] = [Number(first), Number(last)];
  if (from < 1 || to > HIGHEST_PORT) throw fail(`${quote(word)}: ports are 1 to ${HIGHEST_PORT}`);
  if (from > to) throw fail(`${quote(word)} ends before it begins`);
  const protocol = written === '' ? 'tcp' : written.toLowerCase();
  if (!PROTOCOLS.includes(protocol)) throw fail(`${quote(word)}: a protocol is one of ${PROTOCOLS.join(', ')}`);
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}/${protocol}`);
}
