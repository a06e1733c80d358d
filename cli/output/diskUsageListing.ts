import type { ImageStore } from '../../ts/store/images.ts';
import type { ContainerUsage, DiskUsage, ImageUsage, VolumeUsage } from '../../ts/system/diskUsage.ts';
import { containerListing } from './containerListing.ts';
import { formatSize } from './format.ts';
import { imageListing } from './imageListing.ts';
import type { Listing } from './listFormat.ts';
import { volumeListing } from './volumeListing.ts';

/** A line of `system df`. */
export interface UsageRow {
  type: string;
  total: number;
  active: number;
  size: number;
  reclaimable: number;
}

/** Docker's four lines; rcx has no build cache. */
export function usageRows({ images, imageSpace, imageReclaimable, containers, volumes }: DiskUsage): UsageRow[] {
  const size = (usages: readonly { size: number }[]) => usages.reduce((sum, usage) => sum + usage.size, 0);
  const nothing = { total: 0, active: 0, size: 0, reclaimable: 0 };
  return [
    {
      type: 'Images',
      total: images.length,
      active: images.filter((usage) => usage.containers > 0).length,
      size: imageSpace,
      reclaimable: imageReclaimable,
    },
    {
      type: 'Containers',
      total: containers.length,
      active: containers.filter(({ active }) => active).length,
      size: size(containers),
      reclaimable: size(containers.filter(({ active }) => !active)),
    },
    {
      type: 'Local Volumes',
      total: volumes.length,
      active: volumes.filter(({ links }) => links > 0).length,
      size: size(volumes),
      reclaimable: size(volumes.filter(({ links }) => links === 0)),
    },
    { type: 'Build Cache', ...nothing },
  ];
}

/** Docker's columns of `system df`. */
export const usageListing: Listing<UsageRow> = {
  columns: {
    Type: { header: 'TYPE', cell: ({ type }) => type },
    TotalCount: { header: 'TOTAL', cell: ({ total }) => String(total) },
    Active: { header: 'ACTIVE', cell: ({ active }) => String(active) },
    Size: { header: 'SIZE', cell: ({ size }) => formatSize(size) },
    Reclaimable: { header: 'RECLAIMABLE', cell: reclaimable },
  },
  table: ['Type', 'TotalCount', 'Active', 'Size', 'Reclaimable'],
};

function reclaimable({ size, reclaimable: bytes }: UsageRow): string {
  return size === 0 ? formatSize(bytes) : `${formatSize(bytes)} (${Math.floor((bytes * 100) / size)}%)`;
}

/** Docker's columns of images in `system df -v`: one line an image, under its first name. */
export function imageUsageListing(noTrunc: boolean): Listing<ImageUsage> {
  const { columns } = imageListing({ noTrunc, digests: false });
  return {
    columns: {
      ...columns,
      Size: { header: 'SIZE', cell: ({ size }) => formatSize(size) },
      SharedSize: { header: 'SHARED SIZE', cell: ({ shared }) => formatSize(shared) },
      UniqueSize: { header: 'UNIQUE SIZE', cell: ({ unique }) => formatSize(unique) },
      VirtualSize: { header: 'SIZE', cell: ({ size }) => formatSize(size) },
      Containers: { header: 'CONTAINERS', cell: ({ containers }) => String(containers) },
    },
    table: ['Repository', 'Tag', 'ID', 'CreatedSince', 'Size', 'SharedSize', 'UniqueSize', 'Containers'],
  };
}

/** Docker's columns of containers in `system df -v`. */
export function containerUsageListing(images: Pick<ImageStore, 'find'>, noTrunc: boolean): Listing<ContainerUsage> {
  const { columns } = containerListing({ images, noTrunc });
  return {
    columns: {
      ...columns,
      Size: { header: 'SIZE', cell: ({ size }) => formatSize(size) },
    },
    table: ['ID', 'Image', 'Command', 'LocalVolumes', 'Size', 'RunningFor', 'Status', 'Names'],
  };
}

/** Docker's columns of volumes in `system df -v`. */
export const volumeUsageListing: Listing<VolumeUsage> = {
  columns: {
    ...volumeListing.columns,
    Links: { header: 'LINKS', cell: ({ links }) => String(links) },
    Size: { header: 'SIZE', cell: ({ size }) => formatSize(size) },
  },
  table: ['Name', 'Links', 'Size'],
};
