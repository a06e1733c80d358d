import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { unlessSingle } from '../support/rootOnly.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const run = (...args: string[]) => store.ok(['run', '--rm', ...args]);

/** The container's environment as its program gets it. */
async function environment(...flags: string[]): Promise<Record<string, string>> {
  const output = await store.ok(['run', '--rm', ...flags, 'ubuntu', 'env', '-0'], { env: { FROM_HOST: 'host value' } });
  const pairs = output.split('\0').filter((pair) => pair !== '');
  return Object.fromEntries(pairs.map((pair) => [pair.split('=', 1)[0], pair.slice(pair.indexOf('=') + 1)]));
}

describe('-e and --env-file', () => {
  it('give nothing of the host’s environment away by themselves', async () => {
    const env = await environment('-h', 'box');
    expect(env).toEqual({
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOSTNAME: 'box',
      HOME: '/root',
    });
  });

  it('set variables, the last of a name counting, and pass on the host’s own', async () => {
    const env = await environment('-e', 'A=1', '--env', 'A=2=3', '-e', 'EMPTY=', '-e', 'FROM_HOST', '-e', 'NOT_THERE');
    expect(env).toMatchObject({ A: '2=3', EMPTY: '', FROM_HOST: 'host value' });
    expect(env).not.toHaveProperty('NOT_THERE');
  });

  it('keep values with spaces, newlines and non-ASCII characters as they are', async () => {
    expect(await environment('-e', 'A= two\nlines ü ')).toMatchObject({ A: ' two\nlines ü ' });
  });

  it('read a file, whose variables -e wins over', async () => {
    const file = join(store.folder, 'env');
    writeFileSync(file, '# comment\n\nA=file\nB=with "quotes" and = signs\nFROM_HOST\n');
    const env = await environment('--env-file', file, '-e', 'A=flag');
    expect(env).toMatchObject({ A: 'flag', B: 'with "quotes" and = signs', FROM_HOST: 'host value' });
  });

  it('refuse a file that is not there', async () => {
    const outcome = await store.rcx(['run', '--rm', '--env-file', '/no/such', 'ubuntu', 'true']);
    expectFailure(outcome, 125, /--env-file.*\/no\/such/);
  });
});

describe('-w', () => {
  it('sets the working directory, and makes a missing one', async () => {
    expect(await run('-w', '/usr/bin', 'ubuntu', 'pwd')).toBe('/usr/bin\n');
    expect(await run('--workdir', '/new/deep', 'ubuntu', 'stat', '-c', '%n %a %u', '.', '/new')).toBe(
      '. 755 0\n/new 755 0\n',
    );
  });

  it('refuses what cannot be a working directory', async () => {
    expectFailure(await store.rcx(['run', '--rm', '-w', '/etc/passwd', 'ubuntu', 'true']), 125, /\/etc\/passwd/);
    expectFailure(await store.rcx(['run', '--rm', '-w', 'relative', 'ubuntu', 'true']), 125, /relative/);
  });
});

describe('-u', () => {
  const ids = async (user: string) => (await run('-u', user, '--entrypoint', 'id', 'layered')).trim();

  it.each([
    ['tester:crew', 'uid=4242(tester) gid=4343(crew) groups=4343(crew)'],
    ['9999:8888', 'uid=9999 gid=8888 groups=8888'],
    ['9999', 'uid=9999 gid=0(root) groups=0(root)'],
    ['root', 'uid=0(root) gid=0(root) groups=0(root)'],
  ])('runs the program as %s', async (user, expected) => {
    expect(await ids(user)).toBe(expected);
  });

  unlessSingle('is in the other groups of the user by name, or by number', async () => {
    for (const user of ['tester', '4242']) {
      expect(await ids(user)).toBe('uid=4242(tester) gid=4242(tester) groups=4242(tester),4343(crew)');
    }
  });

  it('takes HOME from the image’s passwd', async () => {
    expect(await run('-u', 'tester', '--entrypoint', 'sh', 'layered', '-c', 'echo $HOME')).toBe('/home/tester\n');
  });

  it('lets a user write to its own stdout and stderr by path', async () => {
    const script = 'echo out > /dev/stdout; echo err > /dev/stderr';
    const outcome = await store.rcx(['run', '--rm', '-u', '9999', 'ubuntu', 'sh', '-c', script]);
    expect(outcome).toMatchObject({ exitCode: 0, stdout: 'out\n', stderr: 'err\n' });
  });

  it('refuses users and groups that the image does not have', async () => {
    const refused = (user: string) => store.rcx(['run', '--rm', '-u', user, 'ubuntu', 'true']);
    expectFailure(await refused('nobody-here'), 125, /user nobody-here.*\/etc\/passwd/);
    expectFailure(await refused('root:nogroup-here'), 125, /group nogroup-here.*\/etc\/group/);
  });
});

describe('-h', () => {
  it('sets the hostname everywhere it can be asked for', async () => {
    const script =
      'hostname; cat /etc/hostname /proc/sys/kernel/hostname; getent hosts box | tr -s " "; echo $HOSTNAME';
    expect(await run('-h', 'box', 'ubuntu', 'sh', '-c', script)).toBe('box\nbox\nbox\n127.0.0.1 box\nbox\n');
  });

  it.each(['-x', 'a b', 'a/b', 'a\n10.0.0.1 evil', 'x'.repeat(65)])(
    'refuses what no hostname can be: %j',
    async (name) => {
      expectFailure(await store.rcx(['run', '--rm', `--hostname=${name}`, 'ubuntu', 'true']), 125, /hostname/);
    },
  );

  it('is the default when empty, as an unset variable of a script leaves it', async () => {
    expect(await run('--hostname=', 'ubuntu', 'hostname')).toMatch(/^[0-9a-f]{12}\n$/);
  });

  it('is the start of the container’s id when left out', async () => {
    const name = 'hostname-test';
    const hostname = (await store.ok(['run', '--name', name, 'ubuntu', 'hostname'])).trim();
    const [{ Id: id }] = JSON.parse(await store.ok(['inspect', name]));
    expect(hostname).toBe(id.slice(0, 12));
  });
});
