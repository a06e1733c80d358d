import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { readListFormat } from '../../../../cli/output/listFormat.ts';
import { searchListing } from '../../../../cli/output/searchListing.ts';
import type { FoundImage } from '../../../../ts/registry/search.ts';

const ALPINE = {
  name: 'alpine',
  description: 'A minimal\nDocker image based on Alpine Linux with a complete package index',
  stars: 10_000,
  isOfficial: true,
};
const OTHER = { name: 'x/y', description: 'bad \u001b[31mred', stars: 0, isOfficial: false };

async function render(found: FoundImage[], format?: string, form: 'text' | 'json' = 'text'): Promise<string[]> {
  const renderer = await readListFormat(new Command(), format);
  return renderer(searchListing(false, form), found).flatMap((line) => line.split('\n'));
}

describe('search results', () => {
  it('are Docker’s table', async () => {
    expect(await render([ALPINE, OTHER])).toEqual([
      'NAME      DESCRIPTION                                     STARS     OFFICIAL',
      'alpine    A minimal Docker image based on Alpine Linux…   10000     [OK]',
      'x/y       bad \\x1b[31mred                                 0',
    ]);
    expect(await render([])).toEqual(['NAME      DESCRIPTION   STARS     OFFICIAL']);
  });

  it('are Docker’s JSON', async () => {
    expect(await render([ALPINE], 'json', 'json')).toEqual([
      '{"Description":"A minimal Docker image based on Alpine Linux…","IsOfficial":"true","Name":"alpine","StarCount":"10000"}',
    ]);
  });

  it('are what a template asks for', async () => {
    expect(await render([ALPINE, OTHER], '{{.Name}}:{{.IsOfficial}}')).toEqual(['alpine:[OK]', 'x/y:']);
  });
});
