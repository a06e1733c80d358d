import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../../ts/native/index.ts';
import { fillStore } from './images.ts';

export const GUEST_SCRIPTS = join(packageRoot, 'test/vm/guest');
/** Room for what the checks write; the file is sparse. */
const DISK_SIZE = '512M';

/** What of Debian's packages and of the tests is on the disk. */
export interface DiskParts {
  busybox: Busybox;
  /** The package, unpacked. */
  apparmor: string;
  /** A policy for SELinux, as a file. */
  policy: string;
}

/** A statically linked busybox and its programs. */
export interface Busybox {
  path: string;
  applets: string[];
}

/** Makes a disk with a system that has Node, rcx and its store, and little else. */
export async function makeDisk(scratch: string, { busybox, apparmor, policy }: DiskParts): Promise<string> {
  const root = join(scratch, 'disk');
  for (const name of ['dev', 'proc', 'sys', 'etc', 'tmp', 'usr/bin'])
    await mkdir(join(root, name), { recursive: true });
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nsam:x:1000:1000:Sam:/home/sam:/bin/sh\n');
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nsam:x:1000:\n');
  for (const name of ['subuid', 'subgid']) await writeFile(join(root, 'etc', name), 'sam:100000:65536\n');
  await installBusybox(root, busybox);
  await symlink('/bin/env', join(root, 'usr/bin/env'));
  await installProgram(root, process.execPath, '/usr/bin/node');
  await installSystemd(root);
  await installProgram(root, '/usr/bin/setpriv');
  for (const name of ['newuidmap', 'newgidmap']) {
    await installProgram(root, `/usr/bin/${name}`);
    await chmod(join(root, 'usr/bin', name), 0o4755);
  }
  await installRcx(root);
  // Its libraries are Node's.
  for (const name of ['sbin/apparmor_parser', 'etc/apparmor.d'])
    await cp(join(apparmor, name), join(root, name), { recursive: true });
  await cp(GUEST_SCRIPTS, join(root, 'guest'), { recursive: true });
  await cp(policy, join(root, 'guest/policy'));
  const escapePath = await compile(root, 'escape');
  await compile(root, 'delegate');
  const probes = join(GUEST_SCRIPTS, 'probe');
  const parts = { busybox: busybox.path, applets: busybox.applets, probes, escapePath };
  await fillStore(join(scratch, 'layouts'), join(root, 'var/lib/rcx'), parts);
  const image = join(scratch, 'disk.ext4');
  await execa('mkfs.ext4', ['-q', '-d', root, image, DISK_SIZE]);
  return image;
}

/** Compiles a program of the guest's scripts; returns its path. */
async function compile(root: string, name: string): Promise<string> {
  const path = join(root, 'guest', name);
  await execa('gcc', ['-static', '-O2', '-Wall', '-Werror', '-o', path, join(GUEST_SCRIPTS, `${name}.c`)]);
  return path;
}

export async function installBusybox(root: string, { path, applets }: Busybox): Promise<void> {
  await mkdir(join(root, 'bin'), { recursive: true });
  await cp(path, join(root, 'bin/busybox'));
  for (const name of applets) await symlink('busybox', join(root, 'bin', name));
}

/** A program of this machine with the libraries that its loader maps, each at its place. */
async function installProgram(root: string, program: string, target = program): Promise<void> {
  await mkdir(join(root, dirname(target)), { recursive: true });
  await cp(program, join(root, target), { dereference: true });
  await chmod(join(root, target), 0o755);
  const { stdout } = await execa('ldd', [program]);
  for (const [path] of stdout.matchAll(/\/\S+/g)) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    await cp(path, join(root, path), { dereference: true });
  }
}

const CHECKS = `[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart=/guest/systemd.sh
StandardOutput=null
StandardError=null
`;

/** systemd with the one service that its part of the checks is, where this machine has it. */
async function installSystemd(root: string): Promise<void> {
  if (missingSystemd() !== undefined) return;
  await installProgram(root, SYSTEMD);
  await installProgram(root, SYSTEMCTL);
  const units = join(root, 'etc/systemd/system');
  await mkdir(units, { recursive: true });
  await writeFile(join(units, 'default.target'), '[Unit]\nRequires=checks.service\n');
  await writeFile(join(units, 'checks.service'), CHECKS);
}

const SYSTEMD = '/lib/systemd/systemd';
const SYSTEMCTL = '/bin/systemctl';

/** Why systemd cannot be the first process of the machine, if it cannot. */
export function missingSystemd(): string | undefined {
  const missing = [SYSTEMD, SYSTEMCTL].filter((path) => !existsSync(path));
  return missing.length > 0 ? `needs ${missing.join(', ')}` : undefined;
}

/** What npm would install, as far as running containers needs it. */
async function installRcx(root: string): Promise<void> {
  const target = join(root, 'opt/rcx');
  for (const name of ['package.json', 'bin', 'dist', 'native']) {
    await cp(join(packageRoot, name), join(target, name), { recursive: true });
  }
  await symlink('/opt/rcx/bin/rcx.js', join(root, 'usr/bin/rcx'));
}
