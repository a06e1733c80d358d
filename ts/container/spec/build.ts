import type { ExecutionConfig } from '../../oci/types.ts';
import { isForeign } from '../namespaceModes.ts';
import type { ContainerOptions } from '../options.ts';
import { type Confinement, confinementOf } from '../security/confinement.ts';
import type { SelinuxLabels } from '../security/selinux.ts';
import type { IdMappings } from '../userns/mapping.ts';
import { specMounts } from './mounts.ts';
import { specNamespaces } from './namespaces.ts';
import { processArgs, processCwd, processEnv } from './process.ts';
import { specResources } from './resources.ts';
import type { RuntimeSpec, SpecLinux, SpecResources } from './types.ts';
import { inUserNamespace } from './userNamespace.ts';

/** What a spec is made from. */
export interface SpecInput {
  id: string;
  /** The container's folder. */
  folder: string;
  hostname: string;
  /** Folder of the container whose network it is in. */
  networkFolder?: string | undefined;
  execution: ExecutionConfig;
  /** Host path of a root filesystem that is used as it is. */
  rootfs?: string | undefined;
  options: ContainerOptions;
  /** Where its cgroups are, if it has any. */
  cgroup?: string | undefined;
  limits?: Omit<SpecResources, 'devices'> | undefined;
  /** What the options come to, where that is known already. */
  confinement?: Confinement;
  /** On a machine with SELinux. */
  labels?: SelinuxLabels | undefined;
  /** The ids of its user namespace, if it has one. */
  mappings?: IdMappings | undefined;
}

/** The OCI runtime-spec configuration of a container. */
export function buildSpec(input: SpecInput): RuntimeSpec {
  const spec = hostSpec(input);
  return input.mappings === undefined ? spec : inUserNamespace(spec, input.folder, input.mappings);
}

function hostSpec(input: SpecInput): RuntimeSpec {
  const { execution, options, hostname, labels } = input;
  const tty = options.tty ?? false;
  const confinement = input.confinement ?? confinementOf(options);
  const { capabilities, noNewPrivileges, apparmor } = confinement;
  return {
    ociVersion: '1.2.0',
    // The host's own name is not to be set.
    ...(options.uts !== 'host' && { hostname }),
    ...(options.domainname !== undefined && { domainname: options.domainname }),
    process: {
      terminal: tty,
      user: { uid: 0, gid: 0 },
      args: processArgs(execution),
      env: processEnv(execution, tty, hostname),
      cwd: processCwd(execution),
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      ...(noNewPrivileges && { noNewPrivileges }),
      ...(apparmor !== undefined && { apparmorProfile: apparmor }),
      ...(labels?.process !== undefined && { selinuxLabel: labels.process }),
      ...(options.oomScoreAdj !== undefined && { oomScoreAdj: options.oomScoreAdj }),
    },
    root: { path: input.rootfs ?? `${input.folder}/rootfs`, ...(options.readOnly ? { readonly: true } : {}) },
    mounts: specMounts(input, confinement),
    linux: specLinux(input, confinement),
    ...(options.annotations !== undefined && { annotations: options.annotations }),
  };
}

function specLinux(
  { options, cgroup, limits, labels }: SpecInput,
  { maskedPaths, readonlyPaths, privileged }: Confinement,
): SpecLinux {
  const own = !isForeign(options.network);
  // Docker's two: ping without a capability, and ports below 1024 for everybody inside.
  const sysctl: Record<string, string> = own
    ? { 'net.ipv4.ping_group_range': '0 2147483647', 'net.ipv4.ip_unprivileged_port_start': '0' }
    : {};
  return {
    namespaces: specNamespaces(options),
    ...(cgroup !== undefined && { cgroupsPath: cgroup }),
    resources: specResources(limits, { allDevices: privileged, deviceRules: options.deviceRules }),
    sysctl: { ...sysctl, ...options.sysctls },
    ...(labels?.mount !== undefined && { mountLabel: labels.mount }),
    maskedPaths,
    readonlyPaths,
  };
}

/** Where a container's cgroups are by default, below the root of each hierarchy or the cgroup that was delegated to the user. */
export function cgroupPath(id: string): string {
  return `/rcx/${id}`;
}
