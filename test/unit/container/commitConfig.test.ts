import { describe, expect, it } from 'vitest';
import { changed, committedConfig } from '../../../ts/container/commitConfig.ts';
import { digestOf } from '../../../ts/oci/digest.ts';
import type { ExecutionConfig, ImageConfig } from '../../../ts/oci/types.ts';

const [LOWER, UPPER] = [digestOf(Buffer.from('lower')), digestOf(Buffer.from('upper'))];
const BEFORE: ExecutionConfig = {
  Cmd: ['serve'],
  Entrypoint: ['/init'],
  Env: ['A=1', 'B=2'],
  Labels: { a: '1' },
  User: 'app',
  WorkingDir: '/srv',
  ExposedPorts: { '80/tcp': {} },
  Healthcheck: { Test: ['CMD', 'ok'], Interval: 5_000_000_000, Retries: 2 },
};

describe('what a committed image runs', () => {
  it('is what the container ran, where nothing is changed', () => {
    expect(changed(BEFORE, [])).toEqual(BEFORE);
    expect(changed({}, [])).toEqual({});
  });

  it('has what is changed, and the rest of the container', () => {
    const changes = ['ENV B=3 C=$A', 'LABEL b=2', 'WORKDIR sub', 'EXPOSE 443', 'USER root'];
    expect(changed(BEFORE, changes)).toEqual({
      ...BEFORE,
      Env: ['A=1', 'B=3', 'C=1'],
      Labels: { a: '1', b: '2' },
      WorkingDir: '/srv/sub',
      ExposedPorts: { '80/tcp': {}, '443/tcp': {} },
      User: 'root',
    });
  });

  it('keeps the command when the entrypoint is taken away, as Docker does', () => {
    expect(changed(BEFORE, ['ENTRYPOINT []'])).toMatchObject({ Cmd: ['serve'] });
    expect(changed(BEFORE, ['ENTRYPOINT []']).Entrypoint ?? []).toEqual([]);
  });

  it('loses the command with another entrypoint, unless it is given as well', () => {
    expect(changed(BEFORE, ['ENTRYPOINT ["/other"]'])).toMatchObject({ Entrypoint: ['/other'] });
    expect(changed(BEFORE, ['ENTRYPOINT ["/other"]']).Cmd ?? []).toEqual([]);
    expect(changed(BEFORE, ['CMD ["x"]', 'ENTRYPOINT ["/other"]'])).toMatchObject({ Cmd: ['x'] });
  });

  it('keeps the times of a check of which only the command is given', () => {
    const { Healthcheck } = changed(BEFORE, ['HEALTHCHECK --timeout=1s CMD ["new"]']);
    expect(Healthcheck).toEqual({
      Test: ['CMD', 'new'],
      Interval: 5_000_000_000,
      Timeout: 1_000_000_000,
      Retries: 2,
    });
  });

  it('leaves the container’s own untouched', () => {
    const before = structuredClone(BEFORE);
    changed(before, ['ENV B=3', 'LABEL b=2', 'HEALTHCHECK NONE', 'ENTRYPOINT []', 'EXPOSE 1']);
    expect(before).toEqual(BEFORE);
  });

  it.each(['RUN true', 'FROM scratch', 'COPY a b', 'ENV', '', '# nothing'])('refuses %j', (change) => {
    expect(() => changed(BEFORE, [change])).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_CHANGE' }));
  });
});

describe('a committed config', () => {
  const base: ImageConfig = {
    architecture: 'arm64',
    variant: 'v8',
    os: 'linux',
    author: 'somebody else',
    created: '2000-01-01T00:00:00Z',
    config: { Cmd: ['old'] },
    rootfs: { type: 'layers', diff_ids: [LOWER] },
    history: [{ created_by: 'ADD' }, { created_by: 'CMD', empty_layer: true }],
  };
  const run = { execution: { Cmd: ['new'] }, args: ['sh', '-c', 'echo hi'] };

  it('is the base with one layer and one step more', () => {
    const mark = { author: 'Ada', message: 'fixed it', epoch: 1_700_000_000 };
    expect(committedConfig(base, run, UPPER, mark)).toEqual({
      architecture: 'arm64',
      variant: 'v8',
      os: 'linux',
      author: 'Ada',
      created: '2023-11-14T22:13:20.000Z',
      config: { Cmd: ['new'] },
      rootfs: { type: 'layers', diff_ids: [LOWER, UPPER] },
      history: [
        { created_by: 'ADD' },
        { created_by: 'CMD', empty_layer: true },
        { created: '2023-11-14T22:13:20.000Z', author: 'Ada', created_by: 'sh -c echo hi', comment: 'fixed it' },
      ],
    });
  });

  it('has a step without a layer where nothing was changed', () => {
    const { rootfs, history } = committedConfig(base, run, undefined, {});
    expect(rootfs.diff_ids).toEqual([LOWER]);
    expect(history?.at(-1)).toEqual({
      created: expect.any(String),
      created_by: 'sh -c echo hi',
      empty_layer: true,
    });
  });

  it('is not by the author of its base', () => {
    expect(committedConfig(base, run, UPPER, {})).not.toHaveProperty('author');
  });

  it('has a step for each layer of a base that does not say how it was made', () => {
    const { history: _none, ...silent } = base;
    const { rootfs, history } = committedConfig(silent, run, UPPER, {});
    expect(history?.filter(({ empty_layer }) => !empty_layer)).toHaveLength(rootfs.diff_ids.length);
  });

  it('is dated now unless told, and leaves the base as it is', () => {
    const before = structuredClone(base);
    const begin = Date.now();
    const { created = '' } = committedConfig(base, run, UPPER, {});
    expect(Date.parse(created)).toBeGreaterThanOrEqual(begin);
    expect(Date.parse(created)).toBeLessThanOrEqual(Date.now());
    expect(base).toEqual(before);
  });
});
