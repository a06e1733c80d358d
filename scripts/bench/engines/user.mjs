import { join } from 'node:path';
import { fs } from 'zx';
import { cleanEnv, sh, shCleanUp } from '../processes.mjs';

/**
 * An ordinary user with subordinate ids, who has a home on `disk` and a runtime directory in `dir`, until the scope is closed.
 * @returns {Promise<{ words: string[], env: object, home: string, run: string }>} the words that a command of his begins with: setpriv, which
 *   takes its millisecond of every figure
 */
export async function makeUser(scope, { disk, dir }, name) {
  const [home, run] = [join(disk, name), join(dir, name)];
  await sh`useradd --no-create-home --home-dir ${home} --shell /bin/sh ${name}`;
  scope.defer(`remove the user ${name}`, () => shCleanUp`userdel ${name}`);
  for (const which of ['uid', 'gid']) {
    // Whether a new user gets any is for the machine's login.defs to say.
    const has = (await fs.readFile(`/etc/sub${which}`, 'utf8')).includes(`${name}:`);
    if (!has) await sh`usermod --add-sub${which}s 600000000-600065535 ${name}`;
  }
  const [uid, gid] = (await sh`id -u ${name}; id -g ${name}`).stdout.trim().split('\n');
  await fs.chmod(dir, 0o711);
  for (const path of [home, run]) {
    await fs.mkdir(path, { mode: 0o700 });
    await fs.chown(path, Number(uid), Number(gid));
  }
  const words = ['setpriv', '--reuid', uid, '--regid', gid, '--clear-groups', '--inh-caps=-all', '--'];
  return { words, env: cleanEnv({ HOME: home, USER: name, XDG_RUNTIME_DIR: run }), home, run };
}
