import { execFileSync } from 'node:child_process';

/** The tools that images are exchanged with. */
export const TOOLS = ['skopeo', 'umoci', 'buildah', 'podman'] as const;
export type Tool = (typeof TOOLS)[number];

/** How an image gets from one to the other; `store` is rcx' own, read in place. */
export const FORMATS = ['registry', 'oci-archive', 'docker-archive', 'store'] as const;
export type Format = (typeof FORMATS)[number];

export type Direction = 'reads' | 'writes';

/** Ways that there are not, as the documentation shows them. */
export const IMPOSSIBLE: Partial<Record<`${Tool} ${Direction} ${Format}`, string>> = {
  'umoci reads docker-archive': '–',
  'umoci writes docker-archive': '–',
};
/** umoci knows nothing but image layouts. */
const HELPED: Partial<Record<`${Tool} ${Direction} ${Format}`, string>> = {
  'umoci reads registry': 'yes, fetched by skopeo',
  'umoci reads oci-archive': 'yes, once untarred',
  'umoci writes registry': 'yes, sent by skopeo',
  'umoci writes oci-archive': 'yes, packed by tar',
};

/** What has been seen to work, as it stands in the documentation. */
export class Matrix {
  readonly #seen = new Set<string>();

  /** Notes that an image went this way and came out the same. */
  passed(tool: Tool, direction: Direction, format: Format): void {
    this.#seen.add(`${tool} ${direction} ${format}`);
  }

  /** A table of Markdown. */
  table(): string {
    const written = FORMATS.filter((format) => format !== 'store');
    const head = [
      '',
      ...FORMATS.map((format) => `reads ${TITLES[format]}`),
      ...written.map((format) => `writes ${TITLES[format]}`),
    ];
    const rows = TOOLS.map((tool) => [
      `${tool} ${versionOf(tool)}`,
      ...FORMATS.map((format) => this.#cell(`${tool} reads ${format}`)),
      ...written.map((format) => this.#cell(`${tool} writes ${format}`)),
    ]);
    return [head, head.map(() => '---'), ...rows]
      .map((cells) => `| ${cells.join(' | ')} |`.replace('|  |', '| |'))
      .join('\n');
  }

  #cell(way: `${Tool} ${Direction} ${Format}`): string {
    return IMPOSSIBLE[way] ?? (this.#seen.has(way) ? (HELPED[way] ?? 'yes') : 'not tried');
  }
}

const TITLES: Record<Format, string> = {
  registry: 'a registry',
  'oci-archive': 'an OCI archive',
  'docker-archive': 'a docker archive',
  store: 'the store',
};

/** Without the patch level, which changes with every update of the distribution. */
function versionOf(tool: Tool): string {
  const text = execFileSync(tool, ['--version'], { encoding: 'utf8' });
  return /\d+\.\d+/.exec(text)?.[0] ?? text.trim();
}
