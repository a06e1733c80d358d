import { describe, expect, it } from 'vitest';
import { allocateIds, refuseOverlap, type UsedIds } from '../../../../ts/container/userns/allocate.ts';
import type { IdMappings } from '../../../../ts/container/userns/mapping.ts';
import { type IdPool, idPool } from '../../../../ts/container/userns/pool.ts';

const pool = (...ranges: [first: number, count: number][]): IdPool => ({
  origin: 'the test',
  ranges: ranges.map(([first, count]) => ({ first, count })),
  taken: [],
});
const mappings = (hostID: number, size: number): IdMappings => ({
  uidMappings: [{ containerID: 0, hostID, size }],
  gidMappings: [{ containerID: 0, hostID, size }],
});
const used = (hostID: number, size: number, auto = true): UsedIds => ({
  ...mappings(hostID, size),
  name: 'other',
  auto,
});
const first = (size: number, from: IdPool, others: UsedIds[]) =>
  allocateIds(size, from, from, others).uidMappings[0]?.hostID;

describe('allocateIds', () => {
  it('takes the first gap that is wide enough', () => {
    const from = pool([100_000, 100_000]);
    expect(first(10_000, from, [])).toBe(100_000);
    expect(first(10_000, from, [used(100_000, 10_000)])).toBe(110_000);
    expect(first(10_000, from, [used(115_000, 10_000), used(100_000, 10_000)])).toBe(125_000);
    expect(first(5000, from, [used(115_000, 10_000), used(100_000, 10_000)])).toBe(110_000);
    expect(first(10_000, from, [used(95_000, 6000)])).toBe(101_000);
  });

  it('looks at given ids of others as well, and at every range', () => {
    expect(first(10_000, pool([100_000, 10_000], [500_000, 20_000]), [used(105_000, 1, false)])).toBe(500_000);
  });

  it('finds users and groups apart', () => {
    const found = allocateIds(1000, pool([100_000, 5000]), pool([900_000, 5000]), []);
    expect(found.uidMappings).toEqual([{ containerID: 0, hostID: 100_000, size: 1000 }]);
    expect(found.gidMappings).toEqual([{ containerID: 0, hostID: 900_000, size: 1000 }]);
  });

  it('never gives ids twice, whatever the order in which containers come and go', () => {
    const from = pool([100_000, 50_000]);
    const living: UsedIds[] = [];
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    for (let round = 0; round < 300; round++) {
      if (living.length > 5 && random(2) === 0) living.splice(random(living.length), 1);
      else {
        const size = 1000 + random(4000);
        living.push({ ...allocateIds(size, from, from, living), name: `${round}`, auto: true });
      }
      if (living.length > 8) living.splice(random(living.length), 1);
      const ranges = living.map((each) => each.uidMappings[0]).sort((a, b) => (a?.hostID ?? 0) - (b?.hostID ?? 0));
      ranges.forEach((range, index) => {
        const before = ranges[index - 1];
        if (before && range) expect(before.hostID + before.size).toBeLessThanOrEqual(range.hostID);
      });
    }
  });

  it('says when there are none left', () => {
    expect(() => allocateIds(1000, pool([100_000, 1500]), pool([100_000, 1500]), [used(100_000, 600)])).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_USERNS_EXHAUSTED', hint: expect.stringMatching(/subuid/) }),
    );
  });
});

describe('refuseOverlap', () => {
  it('keeps the ids of containers that have them for themselves', () => {
    const clash = expect.objectContaining({ code: 'ERR_RCX_USERNS_OVERLAP' });
    expect(() => refuseOverlap(mappings(100_500, 1000), [used(100_000, 1000)])).toThrow(clash);
    expect(() => refuseOverlap(mappings(99_500, 501), [used(100_000, 1000)])).toThrow(clash);
    refuseOverlap(mappings(99_000, 1000), [used(100_000, 1000)]);
    refuseOverlap(mappings(101_000, 1000), [used(100_000, 1000)]);
    refuseOverlap(mappings(100_000, 1000), [used(100_000, 1000, false)]);
  });
});

describe('idPool', () => {
  const sources = (files: Record<string, string>, configured?: { first: number; count: number }) => ({
    file: (path: string) => files[path] ?? '',
    configured,
  });

  it('is the subordinate ids of containers, then those of rcx', () => {
    const subuid =
      '# a comment\nalice:100000:65536\nrcx:500000:65536\ncontainers:700000:1000\ncontainers:800000:2000\n';
    const files = { '/etc/subuid': subuid, '/etc/subgid': 'rcx:900000:5\n' };
    expect(idPool('uid', sources(files)).ranges).toEqual([
      { first: 700_000, count: 1000 },
      { first: 800_000, count: 2000 },
    ]);
    expect(idPool('gid', sources(files))).toMatchObject({ ranges: [{ first: 900_000, count: 5 }], taken: [] });
  });

  it('is else the configuration’s, without what belongs to others', () => {
    const files = {
      '/etc/subuid': 'alice:100000:65536\n',
      '/etc/passwd': 'root:x:0:0::/:/bin/sh\nbob:x:200000:1::/:\n',
    };
    const found = idPool('uid', sources(files, { first: 90_000, count: 200_000 }));
    expect(found.ranges).toEqual([{ first: 90_000, count: 200_000 }]);
    expect(found.taken).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ first: 100_000, count: 65_536 }),
        { first: 200_000, count: 1 },
      ]),
    );
    expect(allocateIds(65_536, found, found, []).uidMappings[0]?.hostID).toBe(200_001);
  });

  it('is else a range above all that machines give to people', () => {
    const found = idPool('gid', sources({ '/etc/group': 'root:x:0:\nhigh:x:1879048200:\n' }));
    expect(found.ranges).toEqual([{ first: 1_879_048_192, count: 4094 * 65_536 }]);
    expect(allocateIds(65_536, found, found, []).gidMappings[0]?.hostID).toBe(1_879_048_201);
  });
});
