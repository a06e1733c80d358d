// Runs code of strangers: without network, privileges or room to spread, for a second at most. node examples/sandbox.mjs [IMAGE]
import { run } from 'rcx';

const image = process.argv[2] ?? 'ubuntu';

/** What a stranger's program may have. */
const LIMITS = {
  network: 'none',
  readOnly: true,
  mounts: [{ type: 'tmpfs', target: '/tmp', size: '16m' }],
  user: '65534:65534',
  capDrop: ['ALL'],
  securityOpt: ['no-new-privileges'],
  memory: '64m',
  memorySwap: '64m',
  pids: 32,
  cpus: 1,
  timeout: 1000,
  maxBuffer: 64 * 1024,
  // What ends early is a verdict here, and no error.
  reject: false,
};

/** Runs a shell script and says what became of it. */
async function judge(script) {
  const result = await run(image, ['sh', '-c', script], LIMITS);
  if (result.timedOut) return 'took too long';
  if (result.isMaxBuffer) return 'wrote too much';
  if (result.oomKilled) return 'wanted too much memory';
  return `ended with ${result.exitCode}: ${result.stdout.trim() || result.stderr.trim().split('\n')[0]}`;
}

const programs = {
  'a good one': 'echo "$(id -u) $(ls /sys/class/net)"',
  'one that never ends': 'while :; do :; done',
  'one that never stops talking': 'yes',
  'one that eats memory': 'tail /dev/zero',
  'one that multiplies': 'for i in $(seq 100); do sleep 2 & done; wait',
  'one that writes where it should not': 'echo x >/etc/passwd',
};
// All at once: none of them is in another's way.
const verdicts = await Promise.all(Object.values(programs).map(judge));
Object.keys(programs).forEach((name, at) => {
  console.log(`${name}: ${verdicts[at]}`);
});
