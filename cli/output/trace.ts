import { printable } from './errors.ts';

/** A part of a launch, as the library tells it. */
interface Part {
  what: string;
  object: string;
  /** Microseconds. */
  duration: number;
}

/** Writes to stderr how long each part of a launch took. */
export function writeTrace(parts: readonly Part[]): void {
  process.stderr.write(`${formatTrace(parts).join('\n')}\n`);
}

/** A line for each part, and one for all of them, in microseconds. */
export function formatTrace(parts: readonly Part[]): string[] {
  const total = parts.reduce((sum, { duration }) => sum + duration, 0);
  const line = (duration: number, words: string) => `${duration.toFixed(0).padStart(7)} µs  ${words}`;
  const words = ({ what, object }: Part) => printable(object === '' ? what : `${what}: ${object}`);
  return [...parts.map((part) => line(part.duration, words(part))), line(total, 'all of the launch')];
}
