import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FromHostEvent, imageFromHost } from '../../../ts/image/fromHost/build.ts';
import { ImageStore } from '../../../ts/store/images.ts';
import { LayerStore } from '../../../ts/store/layers.ts';
import { type StorePaths, storePaths } from '../../../ts/store/paths.ts';
import { describeWith } from '../../support/requires.ts';

let folder: string;
let paths: StorePaths;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rcx-from-host-'));
  paths = storePaths({ RCX_ROOT: join(folder, 'root'), RCX_RUN: join(folder, 'run') });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command with the image's layer as its root. */
async function inside(diff: string, ...command: string[]) {
  const { exitCode, stdout, stderr } = await execa('chroot', [diff, ...command], {
    reject: false,
    extendEnv: false,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', TERM: 'xterm-256color', LANG: 'C.UTF-8' },
  });
  return { exitCode, stdout, stderr };
}

describe('the default image', () => {
  let diff: string;
  beforeAll(async () => {
    const image = await imageFromHost({ paths });
    diff = new LayerStore(paths).path(image.diffIds[0] ?? 'sha256:');
  });

  it('is an ordinary image of one layer that starts a shell', () => {
    const image = new ImageStore(paths).find('localhost/host');
    expect(image.diffIds).toHaveLength(1);
    expect(image.config.config?.Cmd).toEqual(['bash']);
    expect(image.config.config?.Env).toEqual(
      expect.arrayContaining([expect.stringMatching(/^PATH=\/usr\/local\/sbin:/)]),
    );
  });

  it('is read by other tools as it is stored', async () => {
    const { stdout } = await execa('skopeo', ['inspect', `oci:${paths.images}:localhost/host:latest`]);
    expect(JSON.parse(stdout)).toMatchObject({ Os: 'linux', Layers: [expect.stringMatching(/^sha256:/)] });
  });

  describeWith({ root: true }, 'as the root of programs', () => {
    it('has all libraries of its programs', async () => {
      const programs = readdirSync(join(diff, 'usr/bin')).filter((name) => existsSync(join(diff, 'usr/bin', name)));
      expect(programs.length).toBeGreaterThan(100);
      const script = 'for each; do ldd "/usr/bin/$each" 2>&1 | grep -q "not found" && echo "$each"; done; true';
      expect(await inside(diff, 'bash', '-c', script, 'bash', ...programs)).toEqual({
        exitCode: 0,
        stdout: '',
        stderr: '',
      });
    });

    it.each([
      ['bash -c "ls / | head -1 | sed s/bin/ok/"', 'ok'],
      ['sh -c "echo 3 4 | awk \'{print \\$1 * \\$2}\'"', '12'],
      ['id', 'uid=0(root) gid=0(root) groups=0(root)'],
      ['getent passwd nobody', 'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin'],
      ['grep --version', 'grep (GNU grep)'],
      ['mount --version', 'mount from util-linux'],
      ['tput colors', '256'],
      ['locale charmap', 'UTF-8'],
      ['stat -c %a /tmp', '1777'],
      ['stat -c %a /root', '700'],
      ['/bin/sh -c "readlink /proc/self/exe || echo no proc"', 'no proc'],
    ])('answers %s', async (command, answer) => {
      const { stdout, stderr, exitCode } = await inside(diff, 'bash', '-c', command);
      expect({ stdout, stderr, exitCode }).toEqual({
        stdout: expect.stringContaining(answer),
        stderr: '',
        exitCode: 0,
      });
    });
  });
});

describe('imageFromHost', () => {
  it('makes the same image of the same programs, and writes nothing the second time', async () => {
    const first = await imageFromHost({ paths }, { tag: 'localhost/one', programs: ['sh', 'cat'] });
    const events: FromHostEvent[] = [];
    const options = {
      tag: 'localhost/two',
      programs: ['sh', 'cat'],
      onEvent: (event: FromHostEvent) => events.push(event),
    };
    const second = await imageFromHost({ paths }, options);
    expect(second.id).toBe(first.id);
    expect(second.references).toEqual(['localhost/one:latest', 'localhost/two:latest']);
    expect(events.filter((event) => event.type === 'layer').map((event) => event.status)).toEqual(['exists']);
  });

  it('leaves nothing behind when a program is missing', async () => {
    const making = imageFromHost({ paths }, { tag: 'localhost/bad', programs: ['sh', 'no-such-program'] });
    await expect(making).rejects.toMatchObject({ code: 'ERR_RCX_PROGRAM_NOT_FOUND', path: 'no-such-program' });
    expect(new ImageStore(paths).has('localhost/bad')).toBe(false);
  });

  it('refuses a digest for a name', async () => {
    const tag = `localhost/host@sha256:${'0'.repeat(64)}`;
    await expect(imageFromHost({ paths }, { tag })).rejects.toMatchObject({ code: 'ERR_RCX_INVALID_REFERENCE' });
  });

  it('stops when it is asked to', async () => {
    const making = imageFromHost({ paths }, { tag: 'localhost/stopped', signal: AbortSignal.abort() });
    await expect(making).rejects.toMatchObject({ code: 'ERR_RCX_ABORTED' });
    expect(new ImageStore(paths).has('localhost/stopped')).toBe(false);
  });
});
