import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, registryConfig, withInsecure } from '../../../ts/config/config.ts';
import { parseConfigFile } from '../../../ts/config/parse.ts';

const parse = (document: unknown) => parseConfigFile(JSON.stringify(document), '/f.json');

describe('parseConfigFile', () => {
  it('reads mirrors and insecure registries', () => {
    const registries = {
      'docker.io': { mirrors: ['http://127.0.0.1:5000', 'https://cache.example/hub/'], insecure: false },
      '[::1]:5000': { insecure: true },
    };
    expect(parse({ registries })).toEqual({ registries });
    expect(parse({})).toEqual({ registries: {} });
  });

  it('reads the ids for containers with user namespaces', () => {
    const userns = { first: 100_000, count: 65_536 };
    expect(parse({ userns })).toEqual({ registries: {}, userns });
    for (const wrong of [
      { first: 1000, count: 65_536 },
      { first: 100_000, count: 0 },
      { first: 4e9, count: 1e9 },
    ]) {
      expect(() => parse({ userns: wrong })).toThrow(/"userns" is no range of ids/);
    }
    expect(() => parse({ userns: { first: 100_000 } })).toThrow(/userns/);
  });

  it('knows Docker Hub by its old name', () => {
    expect(parse({ registries: { 'index.docker.io': { insecure: true } } }).registries).toHaveProperty(['docker.io']);
  });

  it.each([
    ['{', 'it is not JSON'],
    ['[]', 'the document is not an object'],
    ['{"registry": {}}', 'the document has the unknown key "registry"'],
    ['{"registries": []}', '"registries" is not an object'],
    ['{"registries": {"https://a": {}}}', '"registries.https://a" is not a registry host'],
    ['{"registries": {"a.b": {"mirror": []}}}', '"registries.a.b" has the unknown key "mirror"'],
    ['{"registries": {"a.b": {"mirrors": "x"}}}', '"registries.a.b.mirrors" is not a list'],
    ['{"registries": {"a.b": {"mirrors": ["x"]}}}', '"registries.a.b.mirrors[0]" is "x", not an http(s) URL'],
    [
      '{"registries": {"a.b": {"mirrors": ["ftp://x"]}}}',
      '"registries.a.b.mirrors[0]" is "ftp://x", not an http(s) URL',
    ],
    [
      '{"registries": {"a.b": {"mirrors": ["https://x/?q"]}}}',
      '"registries.a.b.mirrors[0]" is "https://x/?q", which has a query or fragment',
    ],
    ['{"registries": {"a.b": {"insecure": "yes"}}}', '"registries.a.b.insecure" is not true or false'],
  ])('names file and key: %s', (text, problem) => {
    expect(() => parseConfigFile(text, '/f.json')).toThrow(
      expect.objectContaining({
        code: 'ERR_RCX_INVALID_CONFIG',
        path: '/f.json',
        message: expect.stringContaining(`in /f.json: ${problem}`),
      }),
    );
  });

  it('does not repeat a password that stands in a mirror', () => {
    const document = { registries: { 'a.b': { mirrors: ['https://user:hunter2@x'] } } };
    expect(() => parse(document)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') }));
  });
});

describe('loadConfig', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'rcx-config-'));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  async function write(path: string, document: unknown): Promise<string> {
    const file = join(home, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(document));
    return file;
  }

  it('reads ~/.config/rcx/config.json, or $XDG_CONFIG_HOME', async () => {
    await write('.config/rcx/config.json', { registries: { 'a.test': { insecure: true } } });
    await write('xdg/rcx/config.json', { registries: { 'b.test': { insecure: true } } });
    expect(registryConfig(loadConfig({ HOME: home }), 'a.test')).toEqual({ insecure: true });
    const moved = loadConfig({ HOME: home, XDG_CONFIG_HOME: join(home, 'xdg') });
    expect(registryConfig(moved, 'a.test')).toEqual({});
    expect(registryConfig(moved, 'b.test')).toEqual({ insecure: true });
  });

  it('reads only $RCX_CONFIG where it is set', async () => {
    await write('.config/rcx/config.json', { registries: { 'a.test': { insecure: true } } });
    const file = await write('mine.json', { registries: { 'c.test': { mirrors: ['http://m'] } } });
    expect(loadConfig({ HOME: home, RCX_CONFIG: file })).toEqual({
      registries: { 'c.test': { mirrors: ['http://m'] } },
    });
  });

  it('fails when $RCX_CONFIG does not exist', () => {
    const file = join(home, 'missing.json');
    expect(() => loadConfig({ RCX_CONFIG: file })).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_CONFIG_UNREADABLE', path: file, errno: 'ENOENT' }),
    );
  });

  it('has no settings for a name that every object has', () => {
    expect(registryConfig({ registries: {} }, 'constructor')).toEqual({});
    expect(registryConfig({ registries: {} }, '__proto__')).toEqual({});
  });
});

describe('withInsecure', () => {
  it('changes one setting of one registry', () => {
    const config = { registries: { 'a.test': { mirrors: ['https://m.test'] }, 'b.test': {} } };
    expect(withInsecure(config, 'a.test').registries).toEqual({
      'a.test': { mirrors: ['https://m.test'], insecure: true },
      'b.test': {},
    });
    expect(withInsecure(config, 'c.test').registries).toHaveProperty(['c.test'], { insecure: true });
    expect(config.registries['a.test']).toEqual({ mirrors: ['https://m.test'] });
  });
});
