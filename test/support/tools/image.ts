import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Store } from '../cli.ts';

/** Programs of this machine that {@link makeImage} needs in its containers. */
export const PROGRAMS = [
  ...[
    'sh',
    'ln',
    'cp',
    'rm',
    'mkdir',
    'mknod',
    'mkfifo',
    'chmod',
    'chown',
    'truncate',
    'touch',
    'setfattr',
    'setcap',
    'true',
  ],
];

/** One of everything that a layer can hold. */
const FIRST = `
  set -e
  mkdir -p /t/dir /t/sub/deep /gone/dir /again/dir /to-file/dir
  echo content > /t/file; ln /t/file /t/dir/again
  setfattr -n user.colour -v red /t/file
  cp /usr/bin/true /t/suid; chown 1000:2000 /t/suid; chmod 6755 /t/suid
  cp /usr/bin/true /t/capable; setcap cap_net_raw+ep /t/capable
  truncate -s 4M /t/sparse; echo end >> /t/sparse
  mknod /t/null c 1 3; mknod /t/disk b 7 0; mkfifo -m 600 /t/pipe
  ln -s nowhere /t/link; ln -s /t/file /t/absolute
  echo x > '/t/name with "signs" ü'
  chmod 1777 /t/dir; chown 3000000:3000001 /t/sub
  echo 1 > /gone/dir/file; echo 1 > /again/dir/file; echo 1 > /to-file/dir/file; echo 1 > /to-dir; echo old > /changed
  touch -d '2001-02-03 04:05:06.789012345' /t/file /t/sub`;
/** Takes away and replaces: whiteouts, an opaque directory, a directory that becomes a file and the reverse. */
const SECOND = `
  set -e
  rm -r /gone/dir /again /to-file /to-dir
  mkdir /again /to-dir
  echo new > /again/new; echo file > /to-file; echo in > /to-dir/in; echo new >> /changed; rm /usr/bin/true`;

/** Makes an image of three layers that no other tool had a hand in: of this machine's programs, and of two commits. */
export async function makeImage(store: Store, name: string): Promise<void> {
  await store.ok(['image', 'from-host', '-q', '--tag', 'localhost/base', ...PROGRAMS]);
  await store.ok(['run', '--name', 'first', 'localhost/base', 'sh', '-c', FIRST]);
  await store.ok(['commit', 'first', 'localhost/first']);
  await store.ok(['run', '--name', 'second', 'localhost/first', 'sh', '-c', SECOND]);
  await store.ok(['commit', '-c', 'ENV MADE=rcx', '-c', 'CMD ["sh"]', 'second', name]);
}

/** Changes a root that another tool has unpacked, as a container would. */
export async function change(root: string): Promise<void> {
  rmSync(join(root, 't/sub'), { recursive: true });
  rmSync(join(root, 'again'), { recursive: true });
  mkdirSync(join(root, 'again'));
  writeFileSync(join(root, 'again/newer'), 'newer');
  writeFileSync(join(root, 'changed'), 'changed by another tool');
  mkdirSync(join(root, 'added/dir'), { recursive: true });
  await execa('cp', ['-a', join(root, 'usr/bin/ln'), join(root, 'added/dir/ln')]);
  await execa('ln', [join(root, 'added/dir/ln'), join(root, 'added/ln')]);
  await execa('chown', ['1000:2000', join(root, 'added/dir/ln')]);
  await execa('chmod', ['4711', join(root, 'added/dir/ln')]);
  await execa('ln', ['-s', '../changed', join(root, 'added/link')]);
  // Layers of these tools have whole seconds.
  const changed = ['again/newer', 'changed', 'added/dir/ln', 'added/link'].map((path) => join(root, path));
  await execa('touch', ['--no-dereference', '--date', '2020-01-02T03:04:05Z', ...changed]);
}
