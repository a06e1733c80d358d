import { inspectContainer } from '../../ts/container/inspect.ts';
import type { StoredContainer } from '../../ts/container/store.ts';
import { isRcxError } from '../../ts/errors.ts';
import type { ImageStore } from '../../ts/store/images.ts';
import { formatAge, formatDate, formatSince, shorten } from './format.ts';
import { shortId } from './ids.ts';
import type { Column, Listing } from './listFormat.ts';

export interface ContainerListingOptions {
  images: Pick<ImageStore, 'find'>;
  noTrunc: boolean;
}

/** A container, or the id of one whose record cannot be read. */
export type ListedContainer = StoredContainer | { damaged: string };

const COMMAND_LENGTH = 20;
const MOUNT_LENGTH = 15;

/** Docker's columns of containers, without the sizes, which nobody counts here. */
export function containerListing(options: ContainerListingOptions): Listing<ListedContainer> {
  return {
    columns: {
      ID: { header: 'CONTAINER ID', cell: (listed) => containerId(listed, options) },
      Image: column('IMAGE', (container) => imageName(container, options)),
      Command: column('COMMAND', ({ config }) => commandText(config.request.spec.process.args, options.noTrunc)),
      CreatedAt: column('CREATED AT', ({ config }) => formatDate(config.created)),
      RunningFor: column('CREATED', ({ config }) => formatSince(config.created)),
      Ports: column('PORTS', () => ''),
      Status: column('STATUS', (container) => containerStatus(container), 'Damaged'),
      State: column('STATE', ({ state }) => state.status, 'damaged'),
      Names: column('NAMES', ({ config }) => config.name),
      Labels: column('LABELS', (container) => labelsText(container)),
      Label: { header: labelHeader, cell: (listed) => (name) => labelOf(listed, name) },
      Mounts: column('MOUNTS', (container) => mountsText(container, options.noTrunc)),
      Networks: column('NETWORKS', ({ config }) => config.network),
      LocalVolumes: column('LOCAL VOLUMES', () => '0', '0'),
    },
    table: ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names'],
  };
}

function column(header: string, read: (container: StoredContainer) => string, ofDamaged = ''): Column<ListedContainer> {
  return { header, cell: (listed) => ('damaged' in listed ? ofDamaged : read(listed)) };
}

/** The id of a container, as long as it is asked for. */
export function containerId(listed: ListedContainer, { noTrunc }: Pick<ContainerListingOptions, 'noTrunc'>): string {
  const id = 'damaged' in listed ? listed.damaged : listed.config.id;
  return noTrunc ? id : shortId(id);
}

/** The name it was made from, as long as that still is the same image: else the image's id. */
function imageName({ config }: StoredContainer, { images, noTrunc }: ContainerListingOptions): string {
  const { image, imageId } = config;
  if (image === undefined || imageId === undefined) return config.request.spec.root.path;
  try {
    if (images.find(image).id === imageId) return image;
  } catch (error) {
    if (!isRcxError(error)) throw error;
  }
  return noTrunc ? imageId : shortId(imageId);
}

function commandText(command: readonly string[], noTrunc: boolean): string {
  const text = command.join(' ');
  return JSON.stringify(noTrunc ? text : shorten(text, COMMAND_LENGTH));
}

function labelsText(container: StoredContainer): string {
  const pairs = Object.entries(inspectContainer(container).Config.Labels).map(([name, value]) => `${name}=${value}`);
  return pairs.sort().join(',');
}

function labelOf(listed: ListedContainer, name: string): string {
  const labels = 'damaged' in listed ? {} : inspectContainer(listed).Config.Labels;
  return Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
}

/** Docker's header for a label: the last part of its name, in words. */
function labelHeader(name: string): string {
  return (name.split('.').at(-1) ?? '').replace(/[-_]/g, ' ');
}

function mountsText(container: StoredContainer, noTrunc: boolean): string {
  const sources = inspectContainer(container).Mounts.map(({ Source }) => Source);
  const named = sources.filter((source) => source !== '');
  return named.map((source) => (noTrunc ? source : shorten(source, MOUNT_LENGTH))).join(',');
}

/** `Up 3 minutes`, `Exited (0) 2 minutes ago`, `Created`. */
export function containerStatus({ state }: Pick<StoredContainer, 'state'>, now: number = Date.now()): string {
  if (state.status === 'running') return `Up ${formatAge(state.startedAt, now)}`;
  if (state.status === 'created') return 'Created';
  return `Exited (${state.exitCode ?? 'unknown'}) ${formatSince(state.finishedAt, now)}`;
}
