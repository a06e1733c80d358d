import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { waitUntil } from '../support/processes.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
  const run = (name: string, ...words: string[]) => store.ok(['run', '-d', '--name', name, ...words]);
  // From the oldest to the newest.
  await run('web', '-l', 'role=front', '-l', 'tier=1', '-v', '/usr/share:/mnt/share:ro', 'ubuntu', 'sleep', '600');
  await run('still', '-l', 'role=back', 'ubuntu', 'sleep', '600');
  await store.ok(['pause', 'still']);
  await store.rcx(['run', '--name', 'failed', 'ubuntu', 'sh', '-c', 'echo 0123456789 > /written; exit 3']);
  await store.ok(['create', '--name', 'new', '--network', 'host', 'layered']);
  await run(
    'sick',
    '--health-cmd',
    'false',
    '--health-interval',
    '500ms',
    '--health-retries',
    '1',
    'ubuntu',
    'sleep',
    '600',
  );
  await run('again', '--restart', 'always', 'ubuntu', 'sh', '-c', 'exit 7');
  await waitUntil(async () => (await names('-f', 'health=unhealthy')) === 'sick');
  await waitUntil(async () => (await names('-f', 'status=restarting')) === 'again');
}, 60_000);
afterAll(async () => {
  await store.ok(['stop', '-t', '0', 'again']);
  await store.ok(['rm', '-f', ...(await store.ok(['ps', '-aq'])).trim().split('\n')]);
  await store.close();
});

/** Names of what is listed, in its order. */
async function names(...flags: string[]): Promise<string> {
  return (await store.ok(['ps', ...flags, '--format', '{{.Names}}'])).trim().replaceAll('\n', ' ');
}

async function status(name: string): Promise<string> {
  return (await store.ok(['ps', '-af', `name=^${name}$`, '--format', '{{.State}}: {{.Status}}'])).trim();
}

describe('ps', () => {
  it('says what containers do in docker’s words', async () => {
    expect(await status('web')).toMatch(/^running: Up (Less than a second|\d+ seconds?)$/);
    expect(await status('still')).toMatch(/^paused: Up .* \(Paused\)$/);
    expect(await status('failed')).toMatch(/^exited: Exited \(3\) .* ago$/);
    expect(await status('new')).toBe('created: Created');
    expect(await status('sick')).toMatch(/^running: Up .* \(unhealthy\)$/);
    await waitUntil(async () => /^restarting: Restarting \(7\) .* ago$/.test(await status('again')));
  });

  it('lists what runs, newest first, and with -a everything', async () => {
    await waitUntil(async () => (await names()) === 'again sick still web');
    expect(await names('-a')).toBe('again sick new failed still web');
    const [header, first] = (await store.ok(['ps', '-a', '-f', 'name=web'])).split('\n');
    expect(header).toMatch(/^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$/);
    expect(first).toMatch(/^[0-9a-f]{12} +ubuntu +"sleep 600" +.* ago +Up .* +web$/);
  });

  it('is container ls, list and ps, too', async () => {
    for (const name of ['ls', 'list', 'ps']) {
      expect(await store.ok(['container', name, '-q', '-f', 'name=web'])).toMatch(/^[0-9a-f]{12}\n$/);
    }
  });

  it('lists the newest with -n and -l, whether they run or not', async () => {
    expect(await names('-n', '3')).toBe('again sick new');
    expect(await names('-l')).toBe('again');
    expect(await names('-n', '1', '-f', 'status=exited')).toBe('failed');
    expect(await names('--last', '99')).toBe('again sick new failed still web');
  });

  it('counts sizes with -s', async () => {
    const [header, line] = (await store.ok(['ps', '-asf', 'name=failed'])).split('\n');
    expect(header).toMatch(/NAMES +SIZE$/);
    expect(line).toMatch(/failed +11B \(virtual \d+(\.\d+)?MB\)$/);
    expect(await store.ok(['ps', '-af', 'name=failed', '--format', '{{.Size}}'])).toMatch(/^11B \(virtual .*MB\)\n$/);
  });

  it('has docker’s fields for templates', async () => {
    const fields = ['ID', 'Image', 'Command', 'Labels', 'Label "role"', 'Mounts', 'Networks', 'Ports', 'LocalVolumes'];
    const format = fields.map((field) => `{{.${field}}}`).join('|');
    const line = await store.ok(['ps', '-f', 'name=web', '--format', format]);
    expect(line).toMatch(
      /^[0-9a-f]{12}\|ubuntu\|"sleep 600"\|io\.buildah\.version=[\d.]+,role=front,tier=1\|front\|\/usr\/share\|none\|\|0\n$/,
    );
    const json = JSON.parse(await store.ok(['ps', '-f', 'name=web', '--format', 'json']));
    expect(json).toMatchObject({
      Names: 'web',
      State: 'running',
      Size: '0B',
      RunningFor: expect.stringMatching(/ago$/),
    });
    const table = await store.ok(['ps', '-f', 'name=web', '--format', 'table {{.Names}}\\t{{.CreatedAt}}']);
    expect(table).toMatch(/^NAMES +CREATED AT\nweb +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /);
    expect(await store.ok(['ps', '--no-trunc', '-qf', 'name=web'])).toMatch(/^[0-9a-f]{64}\n$/);
  });

  it('lets nothing through that a terminal would obey', async () => {
    const evil = '\u001b[2Jx';
    await store.ok(['run', '--name', 'evil', '-l', `a=${evil}`, 'ubuntu', 'echo', evil]);
    for (const format of ['table', 'json', '{{.Command}} {{.Labels}}']) {
      const line = await store.ok(['ps', '-alf', 'name=evil', '--no-trunc', '--format', format]);
      expect(line.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    }
    await store.ok(['rm', 'evil']);
  });

  it('lists what is damaged with -a alone', async () => {
    const id = (await store.ok(['create', '--name', 'broken', 'ubuntu'])).trim();
    writeFileSync(join(store.root, 'containers', id, 'config.json'), '{');
    expect(await store.ok(['ps', '-a'])).toMatch(new RegExp(`^${id.slice(0, 12)} +Damaged`, 'm'));
    expect(await names('-a', '-f', 'name=web')).toBe('web');
    expect(await names('-n', '9')).not.toContain('broken');
    await store.ok(['rm', '-f', id]);
  });
});

describe('ps --filter', () => {
  it.each<[string[], string]>([
    [['name=e'], 'new failed web'],
    [['name=^/web$'], 'web'],
    [['name=web', 'name=new'], 'new web'],
    [['label=role'], 'still web'],
    [['label=role=front', 'label=tier'], 'web'],
    [['label=role=front', 'label=tier=2'], ''],
    [['status=paused'], 'still'],
    [['status=created', 'status=exited'], 'new failed'],
    [['status=dead'], ''],
    [['exited=3'], 'failed'],
    [['exited=0'], ''],
    [['health=unhealthy'], 'sick'],
    [['ancestor=layered'], 'new'],
    [['ancestor=ubuntu:latest', 'status=exited'], 'failed'],
    [['ancestor=no/such'], ''],
    [['before=failed'], 'still web'],
    [['since=failed', 'before=again'], 'sick new'],
    [['volume=/mnt/share'], 'web'],
    [['volume=/usr/share'], 'web'],
    [['network=host'], 'new'],
    [['publish=80'], ''],
    [['expose=1-65535/tcp'], 'new'],
    [['expose=1-65535/sctp'], ''],
  ])('%j', async (filters, expected) => {
    expect(await names('-a', ...filters.flatMap((filter) => ['-f', filter]))).toBe(expected);
  });

  it('by id, and by the image’s', async () => {
    const id = (await store.ok(['ps', '-qf', 'name=web'])).trim();
    expect(await names('-f', `id=${id}`)).toBe('web');
    const image = JSON.parse(await store.ok(['image', 'inspect', 'layered']))[0].Id;
    expect(await names('-af', `ancestor=${image}`)).toBe('new');
  });

  it('asks for all of a status without -a', async () => {
    expect(await names('-f', 'status=exited')).toBe('failed');
    expect(await names('-f', 'exited=3')).toBe('');
  });

  it.each([
    ['colour=red', 1, /no filter "colour"; use ancestor, .*volume/],
    ['web', 125, /bad format of filter/],
    ['status=up', 1, /no status "up"/],
    ['before=nobody', 1, /no such container: nobody/],
  ])('refuses %s', async (filter, exitCode, message) => {
    expectFailure(await store.rcx(['ps', '--filter', filter]), exitCode, message);
  });
});

describe('port', () => {
  it('has nothing to tell as long as nothing can be published', async () => {
    expect(await store.ok(['port', 'web'])).toBe('');
    expectFailure(await store.rcx(['port', 'web', '80']), 1, /^rcx: no public port '80\/tcp' published for web$/m);
    expectFailure(await store.rcx(['container', 'port', 'web', '53/udp']), 1, /'53\/udp' published for web/);
    expectFailure(await store.rcx(['port', 'web', 'http']), 1, /"http" is no port/);
    expectFailure(await store.rcx(['port', 'nobody']), 1, /no such container: nobody/);
  });
});
