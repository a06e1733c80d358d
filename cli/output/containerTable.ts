import type { StoredContainer } from '../../ts/container/store.ts';
import { isRcxError } from '../../ts/errors.ts';
import type { ImageStore } from '../../ts/store/images.ts';
import { printable } from './errors.ts';
import { formatAge, formatSince, formatTable, shorten } from './format.ts';
import { shortId } from './ids.ts';

export interface ContainerTableOptions {
  images: Pick<ImageStore, 'find'>;
  noTrunc: boolean;
}

const HEADER = ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES'];
const COMMAND_LENGTH = 20;

/** @param damaged ids of containers whose record cannot be read */
export function containerTable(
  containers: readonly StoredContainer[],
  damaged: readonly string[],
  options: ContainerTableOptions,
): string {
  const rows = containers.map((container) => row(container, options));
  const rest = damaged.map((id) => [containerId(id, options), '', '', '', 'Damaged', '', '']);
  return formatTable(HEADER, [...rows, ...rest]);
}

export function containerIds(
  containers: readonly StoredContainer[],
  damaged: readonly string[],
  options: Pick<ContainerTableOptions, 'noTrunc'>,
): string[] {
  return [...containers.map(({ config }) => config.id), ...damaged].map((id) => containerId(id, options));
}

function containerId(id: string, { noTrunc }: Pick<ContainerTableOptions, 'noTrunc'>): string {
  return noTrunc ? id : shortId(id);
}

function row(container: StoredContainer, options: ContainerTableOptions): string[] {
  const { config } = container;
  return [
    containerId(config.id, options),
    printable(imageName(container, options)),
    commandText(config.request.spec.process.args, options.noTrunc),
    formatSince(config.created),
    containerStatus(container),
    '',
    config.name,
  ];
}

/** The name it was made from, as long as that still is the same image: else the image's id. */
function imageName({ config }: StoredContainer, { images, noTrunc }: ContainerTableOptions): string {
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
  return printable(JSON.stringify(noTrunc ? text : shorten(text, COMMAND_LENGTH)));
}

/** `Up 3 minutes`, `Exited (0) 2 minutes ago`, `Created`. */
export function containerStatus({ state }: Pick<StoredContainer, 'state'>, now: number = Date.now()): string {
  if (state.status === 'running') return `Up ${formatAge(state.startedAt, now)}`;
  if (state.status === 'created') return 'Created';
  return `Exited (${state.exitCode ?? 'unknown'}) ${formatSince(state.finishedAt, now)}`;
}
