import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { RCX_BIN } from '../support/rcxBin.ts';

let store: Store;
let secret: string;
beforeAll(async () => {
  store = await newStore({ images: true });
  secret = join(store.folder, 'host');
  mkdirSync(secret);
  writeFileSync(join(secret, 'secret'), 'of the host\n');
});
afterAll(() => store.close());

/** Runs rcx from a shell that has more open than it should: a directory and a file of the host. */
function leaky(...args: string[]) {
  const script = 'cd "$1" && exec 7<. 8<secret 9<>secret 23</ && shift && exec "$@"';
  const command = ['-c', script, 'bash', secret, RCX_BIN, 'run', '--rm', ...args];
  return execa('bash', command, { env: store.env, extendEnv: false, reject: false, input: '' });
}

/** What the descriptors of a process lead to. Not through a pipe of the shell: that would be among them. */
const list = (pid: string) => `ls -l /proc/${pid}/fd > /tmp/fds; sed -n "s/.* \\([0-9]*\\) -> /\\1 /p" /tmp/fds`;

describe('descriptors of the host (CVE-2024-21626)', () => {
  it.each([[[]], [['--init']], [['--no-pivot']]])('are not in a container %j', async (flags) => {
    const { stdout } = await leaky(...flags, 'ubuntu', 'bash', '-c', `${list('1')}; echo; ${list('$$')}`);
    const lines = stdout.split('\n').filter((line) => line !== '');
    expect(lines.length).toBeGreaterThanOrEqual(6);
    for (const line of lines) expect(line).toMatch(/^[012] (pipe:\[\d+\]|\/dev\/null)$/);
  });

  it('are not in a container with a terminal', async () => {
    const { stdout } = await leaky('-t', 'ubuntu', 'bash', '-c', list('1'));
    for (const line of stdout.split('\r\n').filter((each) => each !== ''))
      expect(line).toMatch(/^([012]|255) \/dev\/(pts\/0|tty)$/);
  });

  it('cannot be had as the working directory', async () => {
    for (const fd of [3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 23]) {
      const { exitCode, stdout } = await leaky(
        '-w',
        `/proc/self/fd/${fd}`,
        'ubuntu',
        'bash',
        '-c',
        'pwd -P; cat secret ../secret',
      );
      expect({ fd, exitCode, stdout }).toEqual({
        fd,
        exitCode: expect.any(Number),
        stdout: expect.not.stringMatching(/host/),
      });
    }
  });

  it('are not what the container’s own streams are', async () => {
    const out = join(secret, 'out');
    writeFileSync(out, 'before\n');
    const script = 'x=$(readlink /proc/$$/fd/1); : > /proc/$$/fd/1; echo $x';
    await execa('bash', ['-c', `"${RCX_BIN}" run --rm ubuntu sh -c '${script}' >> ${out}`], {
      env: store.env,
      extendEnv: false,
    });
    // A container that had the file itself could have cut it.
    expect(readFileSync(out, 'utf8')).toMatch(/^before\npipe:/);
  });
});

describe('the working directory', () => {
  it('is the container’s, wherever rcx was started', async () => {
    const { stdout } = await leaky('ubuntu', 'sh', '-c', 'readlink /proc/1/cwd /proc/1/root; ls ..');
    expect(stdout).toMatch(/^\/\n\/\n/);
    expect(stdout).toContain('usr');
    expect(stdout).not.toContain('secret');
  });
});

describe('the program of PID 1 (CVE-2019-5736)', () => {
  const init = join(dirname(dirname(realpathSync(RCX_BIN))), 'native/rcx-init');
  const digest = () => createHash('sha256').update(readFileSync(init)).digest('hex');

  it('is no file of the host with --init, and cannot be written to', async () => {
    const [before, { mtimeMs }] = [digest(), statSync(init)];
    const script = `readlink /proc/1/exe
      for open in '>' '+<' '>>'; do perl -e 'print open(my $f, shift, "/proc/1/exe") && syswrite($f, "x") ? "wrote\\n" : "no\\n"' "$open"; done
      chmod 777 /proc/1/exe 2>/dev/null; truncate -s 0 /proc/1/exe 2>/dev/null; true`;
    const stdout = await store.ok(['run', '--rm', '--init', 'ubuntu', 'bash', '-c', script]);
    expect(stdout).toMatch(/^\/memfd:[^\n]*\nno\nno\nno\n$/);
    expect({ digest: digest(), mtimeMs: statSync(init).mtimeMs }).toEqual({ digest: before, mtimeMs });
  });

  it('is the container’s own without --init', async () => {
    expect(await store.ok(['run', '--rm', 'ubuntu', 'readlink', '/proc/1/exe'])).toBe('/usr/bin/readlink\n');
  });

  it('cannot be had again by an image that names it as its program', async () => {
    const before = digest();
    for (const flags of [[], ['--init']]) {
      const { exitCode } = await store.rcx(['run', '--rm', ...flags, 'ubuntu', '/proc/self/exe', 'init']);
      expect(exitCode).toBeGreaterThan(0);
      const script = 'printf "#!/proc/self/exe\\n" > /x; chmod +x /x; exec /x';
      await store.rcx(['run', '--rm', ...flags, 'ubuntu', 'sh', '-c', script]);
    }
    expect(digest()).toBe(before);
  });

  it('shows nothing of the host in its environment and command line', async () => {
    const options = { env: { SECRET: 'do not tell' } };
    const script = 'cat /proc/1/environ /proc/1/cmdline /proc/self/environ | tr "\\0" "\\n"';
    const stdout = await store.ok(['run', '--rm', '--init', 'ubuntu', 'sh', '-c', script], options);
    expect(stdout).not.toContain('do not tell');
    expect(stdout).not.toContain(store.root);
  });
});
