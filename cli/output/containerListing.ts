import type { ContainerRow } from '../../ts/container/list.ts';
import { mappingsOf } from '../../ts/container/mappings.ts';
import { isRcxError } from '../../ts/errors.ts';
import type { ImageStore } from '../../ts/store/images.ts';
import { formatAge, formatDate, formatSince, formatSize, shorten } from './format.ts';
import { shortId } from './ids.ts';
import { labelOf, labelsText } from './labels.ts';
import type { Column, Listing } from './listFormat.ts';
import { portsText } from './ports.ts';

export interface ContainerListingOptions {
  images: Pick<ImageStore, 'find'>;
  noTrunc: boolean;
  /** With a column for sizes. */
  size?: boolean;
}

/** A container, or the id of one whose record cannot be read. */
export type ListedContainer = ContainerRow | { damaged: string };

const COMMAND_LENGTH = 20;
const MOUNT_LENGTH = 15;

/** Docker's columns of containers. */
export function containerListing(options: ContainerListingOptions): Listing<ListedContainer> {
  const imageIds = new ImageIds(options.images);
  return {
    columns: {
      ID: { header: 'CONTAINER ID', cell: (listed) => containerId(listed, options) },
      Image: column('IMAGE', (container) => imageName(container, imageIds, options.noTrunc)),
      Command: column('COMMAND', ({ config }) => commandText(config.request.spec.process.args, options.noTrunc)),
      CreatedAt: column('CREATED AT', ({ config }) => formatDate(config.created)),
      RunningFor: column('CREATED', ({ config }) => formatSince(config.created)),
      Ports: column('PORTS', portsCell),
      Status: column('STATUS', (container) => containerStatus(container), 'Damaged'),
      State: column('STATE', ({ status }) => status, 'damaged'),
      Names: column('NAMES', ({ config }) => config.name),
      Labels: column('LABELS', ({ config }) => labelsText(config.execution.Labels)),
      Label: { header: labelHeader, cell: (listed) => (name) => labelOf(labelsOf(listed), name) },
      Mounts: column('MOUNTS', (container) => mountsText(container, options.noTrunc)),
      Networks: column('NETWORKS', ({ config }) => Object.keys(config.networks ?? {}).join(',') || config.network),
      LocalVolumes: column('LOCAL VOLUMES', localVolumes, '0'),
      Size: column('SIZE', (container) => sizeText(container), formatSize(0)),
    },
    table: ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names', ...(options.size ? ['Size'] : [])],
  };
}

function portsCell({ config, state }: ContainerRow): string {
  if (state.process === undefined) return '';
  return portsText(mappingsOf(state), Object.keys(config.execution.ExposedPorts ?? {}));
}

function column(header: string, read: (container: ContainerRow) => string, ofDamaged = ''): Column<ListedContainer> {
  return { header, cell: (listed) => ('damaged' in listed ? ofDamaged : read(listed)) };
}

/** The id of a container, as long as it is asked for. */
export function containerId(listed: ListedContainer, { noTrunc }: Pick<ContainerListingOptions, 'noTrunc'>): string {
  const id = 'damaged' in listed ? listed.damaged : listed.config.id;
  return noTrunc ? id : shortId(id);
}

/** Ids of images by name, each looked up once: that reads three files. */
class ImageIds {
  readonly #images: Pick<ImageStore, 'find'>;
  readonly #known = new Map<string, string | undefined>();

  constructor(images: Pick<ImageStore, 'find'>) {
    this.#images = images;
  }

  of(name: string): string | undefined {
    if (!this.#known.has(name)) this.#known.set(name, this.#find(name));
    return this.#known.get(name);
  }

  #find(name: string): string | undefined {
    try {
      return this.#images.find(name).id;
    } catch (error) {
      if (isRcxError(error)) return undefined;
      throw error;
    }
  }
}

/** The name it was made from, as long as that still is the same image: else the image's id. */
function imageName({ config }: ContainerRow, imageIds: ImageIds, noTrunc: boolean): string {
  const { image, imageId } = config;
  if (image === undefined || imageId === undefined) return config.request.spec.root.path;
  if (imageIds.of(image) === imageId) return image;
  return noTrunc ? imageId : shortId(imageId);
}

function commandText(command: readonly string[], noTrunc: boolean): string {
  const text = command.join(' ');
  return JSON.stringify(noTrunc ? text : shorten(text, COMMAND_LENGTH));
}

function labelsOf(listed: ListedContainer): Record<string, string> | undefined {
  return 'damaged' in listed ? undefined : listed.config.execution.Labels;
}

/** Docker's header for a label: the last part of its name, in words. */
function labelHeader(name: string): string {
  return (name.split('.').at(-1) ?? '').replace(/[-_]/g, ' ');
}

/** As Docker counts them: one that is mounted twice is two. */
function localVolumes({ config }: ContainerRow): string {
  return String((config.mounts ?? []).filter(({ type }) => type === 'volume').length);
}

function mountsText(container: ContainerRow, noTrunc: boolean): string {
  const sources = (container.config.mounts ?? []).flatMap(({ name, source }) => name ?? (source || []));
  return sources.map((source) => (noTrunc ? source : shorten(source, MOUNT_LENGTH))).join(',');
}

/** `12.3kB (virtual 118MB)`: the read-write layer, and all layers. Nothing has been counted unless it was asked for. */
function sizeText({ sizes }: ContainerRow): string {
  const { rw, rootFs } = sizes ?? { rw: 0, rootFs: 0 };
  return rootFs > 0 ? `${formatSize(rw)} (virtual ${formatSize(rootFs)})` : formatSize(rw);
}

/** `Up 3 minutes`, `Exited (0) 2 minutes ago`, `Created`; `Exited (unknown)` where nobody has lived to learn the exit code. */
export function containerStatus({ state, status }: Pick<ContainerRow, 'state' | 'status'>, now = Date.now()): string {
  switch (status) {
    case 'running':
      return `Up ${formatAge(state.startedAt, now)}${healthText(state.health)}`;
    case 'paused':
      return `Up ${formatAge(state.startedAt, now)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.exitCode ?? 'unknown'}) ${formatSince(state.finishedAt, now)}`;
    case 'created':
      return 'Created';
    default:
      return `Exited (${state.exitCode ?? 'unknown'}) ${formatSince(state.finishedAt, now)}`;
  }
}

function healthText(health: ContainerRow['state']['health']): string {
  if (health === undefined) return '';
  return health === 'starting' ? ' (health: starting)' : ` (${health})`;
}
