import { Command, CommanderError } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { type Listing, readListFormat } from '../../../../cli/output/listFormat.ts';

interface Thing {
  name: string;
  size: number;
}

const sizeOf = vi.fn(({ size }: Thing) => `${size}B`);
const LISTING: Listing<Thing> = {
  columns: {
    Name: { header: 'THING NAME', cell: ({ name }) => name },
    Size: { header: 'SIZE', cell: sizeOf },
    Tag: {
      header: (key) => `tag ${key}`,
      cell:
        ({ name }) =>
        (key) =>
          `${name}.${key}`,
    },
    ID: { header: 'ID', cell: () => '7' },
  },
  table: ['Name', 'Size'],
};
const THINGS = [
  { name: 'web', size: 5 },
  { name: 'a\tb\u001b', size: 77 },
];

/** What the lines of `--format` are, of all things unless given. */
async function list(format: string | undefined, things: readonly Thing[] = THINGS): Promise<string[]> {
  const render = await readListFormat(new Command(), format);
  return render(LISTING, things);
}

const table = (...lines: string[]) => [lines.join('\n')];

describe('readListFormat', () => {
  const PLAIN = table('THING NAME   SIZE', 'web          5B', 'a\\x09b\\x1b   77B');

  it.each([[undefined], [''], ['table'], ['table ']])('%j is the plain table', async (format) => {
    expect(await list(format)).toEqual(PLAIN);
  });

  it('json is a line of JSON each, with its names sorted and without methods', async () => {
    expect(await list('json')).toEqual([
      '{"ID":"7","Name":"web","Size":"5B"}',
      '{"ID":"7","Name":"a\\tb\\u001b","Size":"77B"}',
    ]);
  });

  it.each([
    ['{{.Name}}\\t{{.Size}}', ['web\t5B', 'a\\x09b\\x1b\t77B']],
    ['  {{.ID}}  ', ['7', '7']],
    ['{{.ID}}\\n', ['7\n', '7\n']],
    ['{{if eq .Name "web"}}{{.Tag "x"}}{{end}}', ['web.x', '']],
    ['{{json .}}', ['{"ID":"7","Name":"web","Size":"5B"}', '{"ID":"7","Name":"a\\tb\\u001b","Size":"77B"}']],
    ['nothing', ['nothing', 'nothing']],
  ])('%j is a line each', async (format, lines) => {
    expect(await list(format)).toEqual(lines);
  });

  it.each([
    ['table {{.ID}}\\t{{.Name}}', table('ID        THING NAME', '7         web', '7         a\\x09b\\x1b')],
    ['table{{.ID}}\\t{{upper .Name}}', table('ID        THING NAME', '7         WEB', '7         A\\x09B\\x1b')],
    ['table {{.Tag "x"}}\\t{{.ID}}', table('tag x          ID', 'web.x          7', 'a\\x09b\\x1b.x   7')],
    ['table {{if eq .Name "web"}}{{.Name}}\\t{{end}}{{.ID}}', table('ID', 'web       7', '7')],
    ['table {{.ID}}\\n{{.Size}}', table('ID', 'SIZE', '7', '5B', '7', '77B')],
    ['table {{range split .Name "e"}}{{.}};{{end}}', table('', 'w;b;', 'a\\x09b\\x1b;')],
  ])('%j is a table of its columns', async (format, lines) => {
    expect(await list(format)).toEqual(lines);
  });

  it('prints a header of nothing, and no lines of nothing', async () => {
    expect(await list(undefined, [])).toEqual(['THING NAME   SIZE']);
    expect(await list('table {{.ID}}', [])).toEqual(['ID']);
    expect(await list('{{.ID}}', [])).toEqual([]);
    expect(await list('json', [])).toEqual([]);
  });

  it('asks for no column that is not shown', async () => {
    sizeOf.mockClear();
    await list('{{.Name}}');
    await list('table {{.Name}}');
    expect(sizeOf).not.toHaveBeenCalled();
  });

  it.each(['{{.ID', 'table {{nosuch .ID}}', '{{end}}', 'raw'])('%j is a wrong flag', async (format) => {
    const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    await expect(readListFormat(command, format)).rejects.toThrow(CommanderError);
  });

  it.each(['{{.Nope}}', 'table {{.Nope}}', '{{.Tag}}'])(
    '%j is an error where there is something to show',
    async (format) => {
      await expect(list(format)).rejects.toThrow(expect.objectContaining({ code: 'ERR_RCX_TEMPLATE' }));
    },
  );
});
