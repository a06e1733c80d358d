// Answers each line on stdin with the nanoseconds one container took through the API, in this process: rcxMeter.mjs IMAGE
import { createInterface } from 'node:readline';
import { run } from 'rcx';

const image = process.argv[2];
for await (const _ of createInterface({ input: process.stdin })) {
  const begin = process.hrtime.bigint();
  const result = await run(image, ['true'], { network: 'none' });
  const spent = process.hrtime.bigint() - begin;
  if (result.exitCode !== 0) throw new Error(`true ended with exit code ${result.exitCode}`);
  console.log(`${spent}`);
}
