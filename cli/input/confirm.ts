import { createInterface } from 'node:readline';
import { write } from '../output/print.ts';

/** Asks as Docker does, terminal or not: the first line of stdin is the answer, and only `y` means yes. */
export async function confirm(question: string): Promise<boolean> {
  write(`${question} [y/N] `);
  const lines = createInterface({ input: process.stdin });
  try {
    for await (const line of lines) return line.trim().toLowerCase() === 'y';
    return false;
  } finally {
    lines.close();
  }
}
