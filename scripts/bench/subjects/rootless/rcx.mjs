import { join } from 'node:path';
import { makeUser } from '../../engines/user.mjs';
import { startCommandMeter } from '../../meters.mjs';
import { lacking } from '../../packages.mjs';
import { sh, shCleanUp } from '../../processes.mjs';
import { rcxCommand, rcxLacking } from '../rcx.mjs';
import { defineSubject } from '../subject.mjs';

/** Of an ordinary user, with flags of `run` that say which network. */
const ofUser = (name, user, flags) =>
  defineSubject({
    name,
    available: (bench) => rcxLacking(bench) ?? lacking('newuidmap', 'newgidmap'),
    async setup(scope, bench) {
      const { words, env: own, home, run } = await makeUser(scope, bench, user);
      const env = { ...own, RCX_ROOT: join(home, 'rcx'), RCX_RUN: join(run, 'rcx') };
      const rcx = [...words, ...rcxCommand(bench).rcx];
      // Ends what keeps his namespace, too.
      scope.defer(`reset rcx of ${user}`, () => shCleanUp({ env })`${rcx} system reset --force`);
      await sh({ env })`${rcx} pull -q ${bench.image.reference}`;
      return startCommandMeter(scope, bench, [...rcx, 'run', '--rm', ...flags, bench.image.reference, 'true'], { env });
    },
  });

export const rcxUser = ofUser('`rcx run --rm --network none`, user', 'rcxbench1', ['--network', 'none']);
export const rcxUserNetwork = ofUser('`rcx run --rm`, user', 'rcxbench2', []);
