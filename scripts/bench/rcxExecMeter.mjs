// Answers each line on stdin with the nanoseconds one program in a container took through the API: rcxExecMeter.mjs CONTAINER
import { createInterface } from 'node:readline';
import { Engine } from 'rcx';

const container = await new Engine().containers.get(process.argv[2]);
for await (const _ of createInterface({ input: process.stdin })) {
  const begin = process.hrtime.bigint();
  const result = await container.exec(['true']);
  const spent = process.hrtime.bigint() - begin;
  if (result.exitCode !== 0) throw new Error(`true ended with exit code ${result.exitCode}`);
  console.log(`${spent}`);
}
