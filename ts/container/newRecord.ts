import { dirname, join } from 'node:path';
import { initPath } from '../native/index.ts';
import type { Attachment } from '../network/attachment.ts';
import type { ExecutionConfig } from '../oci/types.ts';
import type { StoredImage } from '../store/images.ts';
import { rootfsPath } from './checkOptions.ts';
import type { Joins } from './joins.ts';
import { lifeOf } from './life.ts';
import type { NewLimits } from './limits/change.ts';
import { networkFile } from './networkFiles.ts';
import type { ContainerConfig } from './record.ts';
import type { Confinement } from './security/confinement.ts';
import type { SelinuxLabels } from './security/selinux.ts';
import { settingsOf } from './settings.ts';
import { buildSpec } from './spec/build.ts';
import { rareExtras } from './spec/extras.ts';
import type { LaunchRequest } from './spec/types.ts';
import type { UserNamespace } from './userns/index.ts';

/** Where a container's root comes from. */
export type ContainerRoot = { image: StoredImage; reference: string } | { rootfs: string };

/** What is known of a container before it is made. */
export interface Decided {
  willStart: boolean;
  confinement: Confinement;
  execution: ExecutionConfig;
  namespace: UserNamespace | undefined;
}

/** What belongs to one container alone. */
export interface Own {
  id: string;
  folder: string;
  /** Of its image, topmost first. */
  layers: string[] | undefined;
  hostname: string;
  cgroup: string;
  limits: Partial<NewLimits>;
  labels: SelinuxLabels;
  attachment: Attachment | undefined;
}

/** The record of a new container, which has no name yet. */
export function newRecord(
  root: ContainerRoot,
  { options, join: joined, network }: Joins,
  { confinement, execution, namespace }: Decided,
  { id, folder, layers, hostname, cgroup, limits: { limits, notes }, labels, attachment }: Own,
): ContainerConfig {
  const image = 'image' in root ? root.image : undefined;
  const request: LaunchRequest = {
    spec: buildSpec({
      id,
      folder,
      hostname,
      execution,
      options,
      networkFolder: network === undefined ? undefined : dirname(networkFile(network, 'hosts')),
      cgroup,
      limits,
      confinement,
      rootfs: 'rootfs' in root ? rootfsPath(root.rootfs) : undefined,
      labels,
      mappings: namespace?.mappings,
    }),
    rcx: {
      id,
      initBinary: initPath(),
      mountpoint: join(folder, 'rootfs'),
      ...(layers === undefined ? {} : { overlay: overlay(folder, layers, options.autoRemove ?? false) }),
      user: execution.User ?? '',
      init: options.init ?? false,
      noPivot: options.noPivot ?? false,
      ...(attachment !== undefined && { network: attachment.extras() }),
      ...confinement.extras,
      ...rareExtras(options, joined),
    },
  };
  return {
    id,
    name: '',
    created: new Date().toISOString(),
    ...('image' in root ? { image: root.reference, imageId: root.image.id } : {}),
    diffIds: image?.diffIds ?? [],
    execution,
    autoRemove: options.autoRemove ?? false,
    network: attachment?.network.name ?? options.network ?? 'none',
    ...(attachment !== undefined && { networks: { [attachment.network.name]: attachment.own } }),
    ...(namespace !== undefined && { userns: namespace.kind }),
    ...(options.uts === 'host' && { hostname }),
    settings: settingsOf(options),
    ...lifeOf(execution, options),
    ...notes,
    ...(options.cgroupParent && { cgroupParent: options.cgroupParent }),
    ...(confinement.record !== undefined && { security: confinement.record }),
    request,
  };
}

/** Topmost first: the init layer, then the image from its last layer down. */
function overlay(folder: string, layers: string[], volatile: boolean) {
  return {
    lower: [join(folder, 'init'), ...layers],
    upper: join(folder, 'upper'),
    work: join(folder, 'work'),
    volatile,
  };
}
