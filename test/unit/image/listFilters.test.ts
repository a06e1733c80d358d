import { describe, expect, it } from 'vitest';
import { RcxError } from '../../../ts/errors.ts';
import { listImages } from '../../../ts/image/list.ts';
import { parseImageFilters } from '../../../ts/image/listFilters.ts';
import type { StoredImage } from '../../../ts/store/images.ts';

const NOW = Date.parse('2026-06-15T12:00:00Z');
const digest = (digit: string) => `sha256:${digit.repeat(64)}` as const;

function image(digit: string, created: string, references: string[], labels?: Record<string, string>): StoredImage {
  return {
    id: digest(digit),
    references,
    repoDigests: [],
    manifest: { mediaType: 'm', digest: digest(digit), size: 1 },
    config: {
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [] },
      ...(created !== '' && { created }),
      ...(labels !== undefined && { config: { Labels: labels } }),
    },
    diffIds: [],
    size: 0,
  };
}

const IMAGES = [
  image('1', '2026-06-15T11:00:00Z', ['docker.io/library/app:2', 'localhost:5000/team/app:2'], { team: 'web', a: '' }),
  image('2', '2026-06-14T11:00:00Z', ['docker.io/library/app:1'], { team: 'web', old: 'yes' }),
  image('3', '2026-06-01T00:00:00Z', [`docker.io/library/debian@${digest('b')}`], { team: 'base' }),
  image('4', '2026-05-01T00:00:00Z', []),
  image('5', '', ['docker.io/library/undated:1']),
];

function find(name: string): StoredImage {
  const found = IMAGES.find(({ references, id }) => references.includes(`docker.io/library/${name}`) || id === name);
  if (found === undefined) throw new RcxError('no such image', { code: 'ERR_RCX_IMAGE_NOT_FOUND', step: 'find image' });
  return found;
}

/** First digits of the IDs that are listed, a row each. */
function listed(...filters: string[]): string {
  const rows = listImages(IMAGES, undefined, parseImageFilters(filters, find, NOW));
  return rows.map((row) => row.image.id['sha256:'.length]).join('');
}

describe('filters of images', () => {
  it.each([
    ['dangling=true', '34'],
    ['dangling=1', '34'],
    ['dangling=false', '11235'],
    ['label=team', '1123'],
    ['label=team=web', '112'],
    ['label=a=', '11'],
    ['label=toString', ''],
    ['label!=team', '45'],
    ['before=app:1', '34'],
    ['before=app:2', '234'],
    ['before=undated:1', ''],
    ['since=app:1', '11'],
    [`since=${digest('4')}`, '1123'],
    ['since=undated:1', ''],
    ['reference=app', '12'],
    ['reference=app:1', '2'],
    ['reference=*/team/app', '1'],
    ['reference=*pp:*', '12'],
    ['reference=localhost:5000/*/*:2', '1'],
    ['reference=debian@sha256:*', '3'],
    ['reference=nothing*', ''],
    ['until=24h', '234'],
    ['until=1h', '234'],
    ['until=30m', '11234'],
    ['until=2026-06-10T00:00:00Z', '34'],
    ['until=0', ''],
  ])('%s', (filter, expected) => {
    expect(listed(filter)).toBe(expected);
  });

  it.each([
    [['label=team', 'label=old'], '2'],
    [['label=team=web', 'label!=old'], '11'],
    [['before=app:2', 'before=app:1'], '34'],
    [['before=app:2', `since=${digest('4')}`], '23'],
    [['reference=app:1', 'reference=*/*/app'], '12'],
    [['dangling=true', 'label=team'], '3'],
    [[], '112345'],
  ])('%j together', (filters, expected) => {
    expect(listed(...filters)).toBe(expected);
  });

  it.each([
    [['name=x'], 'ERR_RCX_INVALID_OPTION', /there is no filter "name"/],
    [['dangling'], 'ERR_RCX_INVALID_OPTION', /bad format of filter/],
    [['dangling=maybe'], 'ERR_RCX_INVALID_OPTION', /"maybe" is neither true nor false/],
    [['dangling=true', 'dangling=false'], 'ERR_RCX_INVALID_OPTION', /more than one dangling filter/],
    [['until=1d'], 'ERR_RCX_INVALID_OPTION', /failed to parse value as time or duration/],
    [['until=1h', 'until=2h'], 'ERR_RCX_INVALID_OPTION', /more than one until filter/],
    [['before=nobody'], 'ERR_RCX_IMAGE_NOT_FOUND', /no such image/],
    [['reference=['], 'ERR_RCX_INVALID_PATTERN', /not a valid pattern/],
  ])('refuses %j', (filters, code, message) => {
    expect(() => listed(...filters)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
