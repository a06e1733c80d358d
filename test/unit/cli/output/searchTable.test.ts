import { describe, expect, it } from 'vitest';
import { searchRow, searchTable } from '../../../../cli/output/searchTable.ts';

const ALPINE = {
  name: 'alpine',
  description: 'A minimal\nDocker image based on Alpine Linux with a complete package index',
  stars: 10_000,
  isOfficial: true,
};
const OTHER = { name: 'x/y', description: 'bad \u001b[31mred', stars: 0, isOfficial: false };

describe('searchTable', () => {
  it('is Docker’s', () => {
    expect(searchTable([ALPINE, OTHER], false).split('\n')).toEqual([
      'NAME      DESCRIPTION                                     STARS     OFFICIAL',
      'alpine    A minimal Docker image based on Alpine Linux…   10000     [OK]',
      'x/y       bad \\x1b[31mred                                 0',
    ]);
  });

  it('of nothing is its header', () => {
    expect(searchTable([], false)).toBe('NAME      DESCRIPTION   STARS     OFFICIAL');
  });
});

describe('searchRow', () => {
  it('is Docker’s, as text and as JSON', () => {
    expect(searchRow(ALPINE, true, 'text')).toEqual({
      Description: 'A minimal Docker image based on Alpine Linux with a complete package index',
      IsOfficial: '[OK]',
      Name: 'alpine',
      StarCount: '10000',
    });
    expect(JSON.stringify(searchRow(ALPINE, false, 'json'))).toBe(
      '{"Description":"A minimal Docker image based on Alpine Linux…","IsOfficial":"true","Name":"alpine","StarCount":"10000"}',
    );
    expect(searchRow(OTHER, false, 'text').IsOfficial).toBe('');
    expect(searchRow(OTHER, false, 'json').IsOfficial).toBe('false');
  });
});
