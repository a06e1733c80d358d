import { describe, expect, it } from 'vitest';
import { checkIdMappings, isMapped, parseIdMapping, showIdMapping } from '../../../../ts/container/userns/mapping.ts';
import { userNamespaceMode } from '../../../../ts/container/userns/mode.ts';

const map = (...texts: string[]) => texts.map(parseIdMapping);
const invalid = (hint: RegExp) =>
  expect.objectContaining({ code: 'ERR_RCX_INVALID_OPTION', hint: expect.stringMatching(hint) });

describe('parseIdMapping', () => {
  it('reads what it shows', () => {
    expect(parseIdMapping('0:100000:65536')).toEqual({ containerID: 0, hostID: 100_000, size: 65_536 });
    expect(parseIdMapping('7:8').size).toBe(1);
    expect(showIdMapping(parseIdMapping('1:2:3'))).toBe('1:2:3');
  });

  it.each(['', '0', '0:1:2:3', 'a:1:2', '0:-1:5', '0:1:', '0x0:1:2', '0:99999999999:1'])('refuses %j', (text) => {
    expect(() => parseIdMapping(text)).toThrow(invalid(/CONTAINER:HOST:SIZE/));
  });
});

describe('checkIdMappings', () => {
  it('takes ranges in any order, and with gaps above the ids of the system', () => {
    checkIdMappings(map('500:200500:500', '0:200000:500', '65534:300000:1'));
  });

  it.each([
    [['0:100000:65536', '65535:300000:10'], /of the container/],
    [['0:100000:65536', '65536:165535:10'], /of the host/],
    [['0:100000:999'], /0 to 999/],
    [['0:100000:500', '501:200000:5000'], /0 to 999/],
    [['1:100000:65536'], /0 to 999/],
    [['0:100000:0'], /one id at the least/],
    [['0:4294967000:1000'], /is the last/],
    [[], /0 to 999/],
    [Array.from({ length: 341 }, (_, index) => `${index}:${100_000 + index}:1`), /340/],
  ])('refuses %j', (texts, hint) => {
    expect(() => checkIdMappings(map(...texts))).toThrow(invalid(hint));
  });
});

describe('isMapped', () => {
  it('knows the ends of each range', () => {
    const mappings = map('0:100000:1000', '5000:7:1');
    expect([0, 999, 1000, 4999, 5000, 5001].map((id) => isMapped(mappings, id))).toEqual([
      true,
      true,
      false,
      false,
      true,
      false,
    ]);
  });
});

describe('userNamespaceMode', () => {
  it('is the host’s unless another is asked for', () => {
    expect(userNamespaceMode({})).toBeUndefined();
    expect(userNamespaceMode({ userns: 'host' })).toBeUndefined();
    expect(userNamespaceMode({ userns: '', uidMap: [], gidMap: [] })).toBeUndefined();
  });

  it('finds ids by itself, as many as are asked for', () => {
    expect(userNamespaceMode({ userns: 'auto' })).toEqual({ auto: { size: 65_536 } });
    expect(userNamespaceMode({ userns: 'auto:size=2000' })).toEqual({ auto: { size: 2000 } });
  });

  it('takes a range for users and groups', () => {
    const both = (text: string) => ({ mappings: { uidMappings: map(text), gidMappings: map(text) } });
    expect(userNamespaceMode({ userns: '200000' })).toEqual(both('0:200000:65536'));
    expect(userNamespaceMode({ userns: '200000:5000' })).toEqual(both('0:200000:5000'));
    expect(userNamespaceMode({ uidMap: map('0:300000:5000') })).toEqual(both('0:300000:5000'));
    expect(userNamespaceMode({ gidMap: map('0:300000:5000') })).toEqual(both('0:300000:5000'));
    expect(userNamespaceMode({ uidMap: map('0:300000:5000'), gidMap: map('0:400000:6000') })).toEqual({
      mappings: { uidMappings: map('0:300000:5000'), gidMappings: map('0:400000:6000') },
    });
  });

  it.each(['keep-id', 'auto:size=', 'auto:uidmapping=0:1:2', 'container:x', 'host:1', '-1', 'private'])(
    'refuses %j',
    (userns) => {
      expect(() => userNamespaceMode({ userns })).toThrow(invalid(/--userns is/));
    },
  );

  it('refuses too few ids, and two ways to say which', () => {
    expect(() => userNamespaceMode({ userns: 'auto:size=999' })).toThrow(invalid(/0 to 999/));
    expect(() => userNamespaceMode({ userns: '200000:10' })).toThrow(invalid(/0 to 999/));
    expect(() => userNamespaceMode({ userns: 'auto', uidMap: map('0:1:5000') })).toThrow(invalid(/together/));
  });
});
