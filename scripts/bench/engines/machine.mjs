import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { sh } from '../processes.mjs';

/**
 * A network namespace that stands for the machine: bridges, packet filters and forwarding of the peers are made there, and are gone
 * with it.
 * @returns {Promise<string[]>} the words that a command in it begins with
 */
export async function makeMachine(scope) {
  const holder = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
  await once(holder, 'spawn');
  scope.defer('end the network namespace', async () => {
    holder.kill('SIGKILL');
    if (holder.exitCode === null && holder.signalCode === null) await once(holder, 'close');
  });
  const words = ['nsenter', `--net=/proc/${holder.pid}/ns/net`, '--'];
  const own = (await sh`readlink /proc/self/ns/net`).stdout;
  // unshare has not done it yet when it is there.
  while ((await sh`readlink /proc/${holder.pid}/ns/net`).stdout === own) await sh`sleep 0.01`;
  await sh`${words} ip link set lo up`;
  return words;
}
