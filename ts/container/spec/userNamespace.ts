import type { IdMappings } from '../userns/mapping.ts';
import type { RuntimeSpec, SpecMount } from './types.ts';

/** The same container in a user namespace of its own. */
export function inUserNamespace(spec: RuntimeSpec, folder: string, mappings: IdMappings): RuntimeSpec {
  const { linux } = spec;
  return {
    ...spec,
    mounts: spec.mounts.map((mount) => shiftOwnFile(mount, folder)),
    linux: {
      ...linux,
      namespaces: [...linux.namespaces, { type: 'user' }],
      uidMappings: mappings.uidMappings,
      gidMappings: mappings.gidMappings,
      sysctl: withPingRange(linux.sysctl, mappings),
    },
  };
}

/** `/etc/hosts` and the like are the container's root's, as without a user namespace. */
function shiftOwnFile(mount: SpecMount, folder: string): SpecMount {
  if (mount.type !== 'bind' || !mount.source?.startsWith(`${folder}/`)) return mount;
  return { ...mount, options: [...mount.options, 'idmap'] };
}

/** The kernel refuses groups that are not mapped, and compares them by the host's numbers: one range it is. */
function withPingRange(sysctl: Record<string, string>, { gidMappings }: IdMappings): Record<string, string> {
  const name = 'net.ipv4.ping_group_range';
  if (!(name in sysctl)) return sysctl;
  const size = gidMappings.find(({ containerID }) => containerID === 0)?.size ?? 1;
  return { ...sysctl, [name]: `0 ${size - 1}` };
}
