import { existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { deviceNumbers } from '../../ts/container/limits/block.ts';
import { cgroupsOf } from '../support/cgroups.ts';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { removeAll } from '../support/life.ts';
import { describeWith } from '../support/requires.ts';

const MIB = 2 ** 20;

describeWith({ root: true, commands: ['losetup', 'mkfs.ext4'] }, 'limits of a disk', () => {
  let store: Store;
  let device: string;
  let folder: string;
  let numbers: string;
  beforeAll(async () => {
    store = await newStore({ images: true });
    const image = join(store.folder, 'disk');
    writeFileSync(image, '');
    truncateSync(image, 64 * MIB);
    await execa('mkfs.ext4', ['-q', image]);
    device = (await execa('losetup', ['--find', '--show', image])).stdout;
    folder = join(store.folder, 'mounted');
    mkdirSync(folder);
    await execa('mount', [device, folder]);
    const { major, minor } = deviceNumbers(statSync(device).rdev);
    numbers = `${major}:${minor}`;
  });
  afterEach(() => removeAll(store));
  afterAll(async () => {
    await execa('umount', [folder]);
    await execa('losetup', ['--detach', device]);
    await store.close();
  });

  /** The first of the files that one of the container's cgroups has, as it is to the machine. */
  function fileOf(id: string, ...names: string[]): string {
    const files = names.flatMap((name) => cgroupsOf(id).map((path) => join(path, name)));
    const file = files.find((path) => existsSync(path));
    return file === undefined ? 'none' : readFileSync(file, 'utf8').trim();
  }

  const run = async (...flags: string[]) =>
    (await store.ok(['run', '-d', '--name', 'box', ...flags, 'ubuntu', 'sleep', '600'])).trim();
  const hostConfig = async () => JSON.parse(await store.ok(['inspect', 'box']))[0].HostConfig;

  it('are rates of bytes and operations, by device', async () => {
    const rates = ['--device-read-bps', `${device}:2mb`, '--device-write-bps', `${device}:1mb`];
    const id = await run(...rates, '--device-read-iops', `${device}:500`, '--device-write-iops', `${device}:400`);
    const all = fileOf(id, 'io.max');
    if (all === 'none') {
      const rate = (name: string) => fileOf(id, `blkio.throttle.${name}_device`);
      expect([rate('read_bps'), rate('write_bps')]).toEqual([`${numbers} ${2 * MIB}`, `${numbers} ${MIB}`]);
      expect([rate('read_iops'), rate('write_iops')]).toEqual([`${numbers} 500`, `${numbers} 400`]);
    } else expect(all).toBe(`${numbers} rbps=${2 * MIB} wbps=${MIB} riops=500 wiops=400`);
    expect(await hostConfig()).toMatchObject({
      BlkioDeviceReadBps: [{ Path: device, Rate: 2 * MIB }],
      BlkioDeviceWriteBps: [{ Path: device, Rate: MIB }],
      BlkioDeviceReadIOps: [{ Path: device, Rate: 500 }],
      BlkioDeviceWriteIOps: [{ Path: device, Rate: 400 }],
    });
  });

  it('hold a program back that writes', async () => {
    const write = ['dd', 'if=/dev/zero', 'of=/disk/file', 'bs=64k', 'count=32', 'oflag=direct', 'status=none'];
    const begin = performance.now();
    await store.ok(['run', '--rm', '--device-write-bps', `${device}:1mb`, '-v', `${folder}:/disk`, 'ubuntu', ...write]);
    // Two seconds' worth; the first part of a second may be free.
    expect(performance.now() - begin).toBeGreaterThan(1000);
  });

  it('are counted by stats, as what the container has read and written', async () => {
    const program = 'dd if=/dev/zero of=/disk/file bs=64k count=16 oflag=direct status=none; exec sleep 600';
    const flags = ['--device-write-bps', `${device}:1gb`, '-v', `${folder}:/disk`];
    await store.ok(['run', '-d', ...flags, 'ubuntu', 'sh', '-c', program]);
    const written = async () => (await store.ok(['stats', '--no-stream', '--format', '{{.BlockIO}}'])).trim();
    await expect.poll(written, { timeout: 20_000 }).toMatch(/ \/ 1\.05MB$/);
  });

  it('are weights against others', async () => {
    const id = await run('--blkio-weight', '300');
    expect(fileOf(id, 'io.bfq.weight', 'blkio.bfq.weight', 'blkio.weight', 'io.weight')).toMatch(
      /^(default )?(300|2930)$/,
    );
    await store.ok(['update', '--blkio-weight', '500', 'box']);
    expect(fileOf(id, 'io.bfq.weight', 'blkio.bfq.weight', 'blkio.weight', 'io.weight')).toMatch(
      /^(default )?(500|4950)$/,
    );
    expect(await hostConfig()).toMatchObject({ BlkioWeight: 500 });
  });

  it('are weights by device where its scheduler knows them, and refused before anything is made where it does not', async () => {
    const scheduler = `/sys/block/${basename(device)}/queue/scheduler`;
    const flags = ['--blkio-weight-device', `${device}:300`];
    writeFileSync(scheduler, 'none');
    const refused = await store.rcx(['run', ...flags, 'ubuntu', 'true']);
    // Weights of io.cost are any scheduler's.
    if (refused.exitCode !== 0) {
      expectFailure(
        refused,
        125,
        /--blkio-weight-device: .*EOPNOTSUPP.*; the disk needs a scheduler that knows weights/,
      );
      expect(await store.ok(['ps', '-aq'])).toBe('');
    }
    if (!readFileSync(scheduler, 'utf8').includes('bfq')) return;
    writeFileSync(scheduler, 'bfq');
    const id = await run(...flags);
    expect(fileOf(id, 'io.bfq.weight', 'blkio.bfq.weight_device')).toContain(`${numbers} 300`);
    expect(await hostConfig()).toMatchObject({ BlkioWeightDevice: [{ Path: device, Weight: 300 }] });
  });
});
