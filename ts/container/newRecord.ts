import { dirname, join } from 'node:path';
import { RcxError } from '../errors.ts';
import { initPath } from '../native/index.ts';
import type { Attachments } from '../network/attachments.ts';
import { withGateways } from '../network/gateways.ts';
import { publicationOf } from '../network/publication.ts';
import type { ExecutionConfig } from '../oci/types.ts';
import type { StoredImage } from '../store/images.ts';
import { rootfsPath } from './checkOptions.ts';
import type { Joins } from './joins.ts';
import { lifeOf } from './life.ts';
import type { NewLimits } from './limits/change.ts';
import type { ProcessIdentity } from './liveness.ts';
import { networkFile } from './networkFiles.ts';
import type { ContainerOptions } from './options.ts';
import { type PortRequest, publishedAll } from './publish.ts';
import type { ContainerConfig } from './record.ts';
import type { Confinement } from './security/confinement.ts';
import type { SelinuxLabels } from './security/selinux.ts';
import { settingsOf } from './settings.ts';
import { buildSpec } from './spec/build.ts';
import { rareExtras } from './spec/extras.ts';
import type { LaunchRequest, NetworkExtras } from './spec/types.ts';
import type { UserNamespace } from './userns/index.ts';

/** Where a container's root comes from. */
export type ContainerRoot = { image: StoredImage; reference: string } | { rootfs: string };

/** What is known of a container before it is made. */
export interface Decided {
  id: string;
  owner: ProcessIdentity;
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
  cgroup: string | undefined;
  limits: Partial<NewLimits>;
  labels: SelinuxLabels;
  attachments: Attachments | undefined;
}

/** The record of a new container, which has no name yet. */
export function newRecord(
  root: ContainerRoot,
  { options, join: joined, network }: Joins,
  { confinement, execution, namespace }: Decided,
  { id, folder, layers, hostname, cgroup, limits: { limits, notes }, labels, attachments }: Own,
): ContainerConfig {
  const image = 'image' in root ? root.image : undefined;
  const ports = [...(options.ports ?? []), ...(options.publishAll ? publishedAll(execution.ExposedPorts ?? {}) : [])];
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
      ...(attachments !== undefined && {
        network: networkExtras(attachments, { id, hostname, confinement, options, ports }),
      }),
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
    network: attachments?.first ?? options.network ?? 'none',
    ...(attachments !== undefined && { networks: attachments.networks() }),
    ...(ports.length > 0 && { ports }),
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

interface NetworkInput extends Pick<Own, 'id' | 'hostname'> {
  confinement: Confinement;
  options: ContainerOptions;
  ports: readonly PortRequest[];
}

function networkExtras(
  attachments: Attachments,
  { id, hostname, confinement, options, ports }: NetworkInput,
): NetworkExtras {
  const wayOut = attachments.wayOut();
  if (ports.length > 0 && wayOut === undefined) throw leadsNowhere();
  // Who may configure networks makes routers, whose packets are not their own.
  const mayRoute = confinement.capabilities.includes('CAP_NET_ADMIN');
  const given = options.dns === undefined || options.dns.length === 0 ? undefined : options.dns;
  return {
    interfaces: withGateways(attachments.interfaces([hostname], mayRoute)),
    ...(wayOut !== undefined && ports.length > 0 && { ports: publicationOf(ports, wayOut) }),
    container: id,
    // Names that are asked for leave the machine, and with them what somebody has written into them (CVE-2024-29018).
    nameServer: wayOut === undefined ? 'none' : given === undefined ? 'host' : { given },
  };
}

function leadsNowhere(): RcxError {
  const step = 'publish the ports';
  return new RcxError(`${step}: the container is in internal networks alone`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step,
    hint: 'put it into a network without --internal as well',
  });
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
