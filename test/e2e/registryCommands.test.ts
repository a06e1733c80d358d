import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OCI_LAYER_GZIP, OCI_MANIFEST } from '../../ts/oci/mediaTypes.ts';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { startHostileRegistry } from '../support/hostileRegistry.ts';
import { type PushedImage, pushBlob, pushImage, pushManifest } from '../support/push.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { TarBuilder } from '../support/tarBuilder.ts';

const TAGS = ['1', '2', 'latest'];

let store: Store;
let registry: TestRegistry;
const images: PushedImage[] = [];
beforeAll(async () => {
  [store, registry] = [await newStore(), await startRegistry()];
  for (const tag of TAGS) {
    images.push(await pushImage(registry, 'team/app', tag, [new TarBuilder().file('version', tag).build()]));
  }
});
afterAll(async () => {
  await registry.close();
  await store.close();
});

const stored = async () => (await store.ok(['images'])).match(/^127\S+\s+\S+/gm)?.map((row) => row.split(/\s+/)[1]);

describe('rcx pull -a', () => {
  it('pulls all tags, with the lines of each and the name at the end', async () => {
    const name = `${registry.host}/team/app`;
    const lines = (await store.ok(['pull', '--all-tags', name])).trimEnd().split('\n');
    expect(lines.pop()).toBe(name);
    const expected = TAGS.flatMap((tag, index) => [
      `${tag}: Pulling from ${name}`,
      `Digest: ${images[index]?.descriptor.digest}`,
      `Status: Downloaded newer image for ${name}:${tag}`,
    ]);
    expect(lines.sort()).toEqual(expected.sort());
    expect((await stored())?.sort()).toEqual(TAGS);
    expect(await store.ok(['image', 'pull', '-aq', name])).toBe(`${name}\n`);
    expect(await store.ok(['pull', '-a', name])).toContain(`Status: Image is up to date for ${name}:1\n`);
    await store.ok(['rmi', ...TAGS.map((tag) => `${name}:${tag}`)]);
  });

  it('reports what cannot be pulled, and pulls the others', async () => {
    const [image] = images as [PushedImage];
    const layer = await pushBlob(registry, 'team/app', gzipSync('no archive'), OCI_LAYER_GZIP);
    await pushManifest(registry, 'team/app', 'bad', { ...image.manifest, layers: [layer] }, OCI_MANIFEST);
    const { exitCode, stdout, stderr } = await store.rcx(['pull', '-aq', `${registry.host}/team/app`]);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^rcx: pull 127\S+\/team\/app:bad: [^\n]+\n$/);
    expect((await stored())?.sort()).toEqual(TAGS);
  });

  it.each([
    ['team/app:1', /^rcx: pull \S+app:1: tag can't be used with --all-tags\/-a/],
    [`team/app@sha256:${'0'.repeat(64)}`, /tag can't be used with --all-tags\/-a/],
    ['team/none', /team\/none: no such repository on http/],
  ])('refuses %s', async (name, message) => {
    expectFailure(await store.rcx(['pull', '-a', `${registry.host}/${name}`]), 1, message);
  });

  it('does not take every word of a registry for a tag', async () => {
    const server = await startHostileRegistry();
    const tags = ['../../x', 'a\u001b[2J', `x@sha256:${'0'.repeat(64)}`];
    server.on('/v2/app/tags/list', (_, response) => response.end(JSON.stringify({ tags })));
    const outcome = await store.rcx(['pull', '-a', `${server.host}/app`]);
    server.on('/v2/app/tags/list', (_, response) => response.end('{"tags":[]}'));
    const empty = await store.rcx(['pull', '-a', `${server.host}/app`]);
    await server.close();
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
    expect(outcome.stderr).toMatch(/^(rcx: invalid image name [\x20-\x7e]+\n){3}$/);
    expectFailure(empty, 1, /the repository has no tags/);
  });
});

describe('rcx search', () => {
  it('prints Docker’s table, JSON, or what a template says', async () => {
    const name = `${registry.host}/team/app`;
    const pad = (text: string) => text.padEnd(name.length + 3);
    expect(await store.ok(['search', `${registry.host}/ap`])).toBe(
      `${pad('NAME')}DESCRIPTION   STARS     OFFICIAL\n${pad(name)}              0\n`,
    );
    expect(await store.ok(['search', '--format', 'json', `${registry.host}/ap`])).toBe(
      `{"Description":"","IsOfficial":"false","Name":"${name}","StarCount":"0"}\n`,
    );
    expect(await store.ok(['search', '--format', '{{.Name}}={{.StarCount}}', `${registry.host}/ap`])).toBe(
      `${name}=0\n`,
    );
    expect(await store.ok(['search', '--filter', 'is-official=true', `${registry.host}/ap`])).not.toContain(name);
    expect(await store.ok(['search', '--format', 'json', '-f', 'stars=0', '--limit=1', `${registry.host}/`])).not.toBe(
      '',
    );
  });

  it.each([
    [['--limit', '0', 'https://x/y'], 1, /has a scheme/],
    [['--limit', '101', 'x'], 1, /limit 101 is outside the range of \[1, 100\]/],
    [['--limit', 'many', 'x'], 125, /--limit.*many/],
    [['--filter', 'stars', 'x'], 125, /expected name=value/],
    [['--filter', 'name=x', 'x'], 1, /invalid filter "name"/],
    [['--format', '{{', 'x'], 125, /--format/],
    [[], 125, /missing required argument/],
  ])('refuses %j', async (flags, code, message) => {
    expectFailure(await store.rcx(['search', ...flags]), code, message);
  });
});

describe('rcx manifest inspect', () => {
  it('prints the manifest, and with -v what Docker says of it', async () => {
    const [{ manifest, descriptor }] = images as [PushedImage];
    const name = `${registry.host}/team/app:1`;
    const text = await store.ok(['manifest', 'inspect', '--insecure', name]);
    expect(text).toBe(`${JSON.stringify(manifest, undefined, '\t')}\n`);
    const [described] = [JSON.parse(await store.ok(['manifest', 'inspect', '-v', name]))];
    expect(Object.keys(described)).toEqual(['Ref', 'Descriptor', 'Raw', 'OCIManifest']);
    expect(described).toMatchObject({ Ref: name, Descriptor: descriptor });
  });

  it('prints nothing that a terminal obeys', async () => {
    const [{ manifest }] = images as [PushedImage];
    const document = { ...manifest, annotations: { evil: '\u001b[2J\u009b2J' } };
    await pushManifest(registry, 'team/app', 'evil', document, OCI_MANIFEST);
    const text = await store.ok(['manifest', 'inspect', `${registry.host}/team/app:evil`]);
    expect(text).toContain('\\u001b[2J\\u009b2J');
    expect(JSON.parse(text)).toEqual(document);
  });

  it('fails in one line', async () => {
    expectFailure(await store.rcx(['manifest', 'inspect', `${registry.host}/team/none`]), 1, /no such image/);
    expectFailure(await store.rcx(['manifest', 'inspect', 'Bad']), 1, /lower case/);
  });
});
