// The same by a command line: commandMeter.mjs PROGRAM ARGUMENT...
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { parallel } from './workers.mjs';

const [, , program, ...words] = process.argv;
for await (const line of createInterface({ input: process.stdin })) {
  const [atOnce, total] = line.split(' ').map(Number);
  console.log(JSON.stringify(await parallel(() => execa(program, words), { atOnce, total })));
}
