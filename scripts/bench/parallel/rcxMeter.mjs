// Answers each line `AT_ONCE TOTAL` on stdin with what so many containers took, and how long the event loop stood still: rcxMeter.mjs IMAGE
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { Engine } from 'rcx';
import { parallel } from './workers.mjs';

const image = process.argv[2];
const engine = new Engine();
for await (const line of createInterface({ input: process.stdin })) {
  const [atOnce, total] = line.split(' ').map(Number);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const measured = await parallel(
    async () => {
      const { exitCode } = await engine.run(image, ['true'], { network: 'none' });
      if (exitCode !== 0) throw new Error(`true ended with exit code ${exitCode}`);
    },
    { atOnce, total },
  );
  delay.disable();
  console.log(JSON.stringify({ ...measured, blocked: delay.percentile(99) }));
}
