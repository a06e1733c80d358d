import { sh } from '../../processes.mjs';
import { ENGINES, runInBackground } from '../network/engines.mjs';
import { defineSubject } from '../subject.mjs';

const PROGRAM = '/usr/bin/iperf3';
const SECONDS = 2;
const [SERVER, CLIENT] = ['iperf-server', 'iperf-client'];
/** Measured by each, with where the client is. */
export const WAYS = ['host to container', 'container to container', 'host to published port'];
const PORT = 5299;

/** The program and its libraries, as the host has them. */
async function mounts() {
  const { stdout } = await sh`ldd ${PROGRAM}`;
  const libraries = [...stdout.matchAll(/=> (\/\S+)/g)].map(([, path]) => path);
  return [PROGRAM, ...libraries].flatMap((path) => ['-v', `${path}:${path}:ro`]);
}

/** Bits a second that arrive. */
async function measure(run, words, address, port) {
  const { stdout } = await run`${words} iperf3 --client ${address} --port ${port} --time ${SECONDS} --json`;
  return JSON.parse(stdout).end.sum_received.bits_per_second;
}

const ofEngine = ({ name, available, prepare }) =>
  defineSubject({
    name,
    available,
    async setup(scope, bench) {
      const ready = await prepare(scope, bench);
      const { words, env, machine } = ready;
      const own = env === undefined ? sh : sh({ env });
      const flags = [...(await mounts()), '-p', `${PORT}:5201`, bench.image.reference];
      await runInBackground(scope, ready, SERVER, flags, [PROGRAM, '--server']);
      await runInBackground(scope, ready, CLIENT, [...(await mounts()), bench.image.reference], ['sleep', '86400']);
      const template = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
      const address = (await own`${words} inspect --format ${template} ${SERVER}`).stdout.trim();
      const gateway = `${address.replace(/\.\d+$/, '')}.1`;
      return async () => [
        await measure(sh, machine, address, 5201),
        await measure(own, [...words, 'exec', CLIENT], address, 5201),
        // By the machine's own address: what is redirected.
        await measure(sh, machine, gateway, PORT),
      ];
    },
  });

/** In the order of the table. */
export const throughputSubjects = ENGINES.map(ofEngine);
