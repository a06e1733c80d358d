import { TO_HAVE_CGROUPS } from '../../container/cgroupPath.ts';
import { type CgroupHierarchy, cgroupVersion } from '../../system/cgroups.ts';
import { type Finding, missing, ok, reduced } from '../finding.ts';
import type { Host } from '../host.ts';

/** Controllers, and the flags that need them. */
const CONTROLLERS: readonly [names: readonly string[], flags: string][] = [
  [['memory'], '-m, --memory-swap, --memory-reservation'],
  [['cpu'], '--cpus, --cpu-shares, --cpu-quota'],
  [['cpuset'], '--cpuset-cpus, --cpuset-mems'],
  [['pids'], '--pids-limit'],
  // v2 has another name for it.
  [['io', 'blkio'], '--blkio-weight, --device-read-bps and the others of disks'],
];

const MOUNT_V2 = 'mount -t cgroup2 none /sys/fs/cgroup';

/** systemd hands some controllers down to its users by itself, others where it is told. */
const DELEGATE =
  "mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' > /etc/systemd/system/user@.service.d/delegate.conf && systemctl daemon-reload, as root; then log in again";

/** An ordinary user to whom no cgroup was delegated: his containers run without. */
export function noCgroups(user: number): Finding {
  const flags = CONTROLLERS.map(([, each]) => each).join(', ');
  const costs = `${flags} are refused, and so is pause`;
  return reduced('cgroups', `none delegated to user ${user}`, costs, TO_HAVE_CGROUPS);
}

/**
 * Where limits are set, and which there are.
 * @param isDelegated whether they are an ordinary user's
 */
export function cgroupFindings(host: Host, hierarchies: readonly CgroupHierarchy[], isDelegated = false): Finding[] {
  if (hierarchies.length === 0) {
    return [missing('cgroups', 'none are mounted', 'containers are put into cgroups', MOUNT_V2)];
  }
  return [
    ok('cgroups', `version ${cgroupVersion(hierarchies)}: ${summary(hierarchies.map(({ path }) => path))}`),
    ...CONTROLLERS.map(([names, flags]) =>
      controller(hierarchies, names, flags, () => (isDelegated ? DELEGATE : enable(host, hierarchies, names))),
    ),
    freezer(host, hierarchies),
    swap(host, hierarchies),
  ];
}

function summary(places: readonly string[]): string {
  const [first = '', ...rest] = places;
  return rest.length === 0 ? first : `${first} and ${rest.length} more`;
}

function controller(
  hierarchies: readonly CgroupHierarchy[],
  names: readonly string[],
  flags: string,
  fix: () => string,
): Finding {
  const [name = ''] = names;
  const title = `cgroup ${name}`;
  const at = hierarchies.find(({ controllers }) => names.some((each) => controllers.includes(each)));
  if (at !== undefined) return ok(title, `${at.path} (v${at.version})`);
  return reduced(title, 'no hierarchy has it', `${flags} are refused`, fix());
}

/** What brings a controller back, by where it was lost. */
function enable(host: Host, hierarchies: readonly CgroupHierarchy[], names: readonly string[]): string {
  // proc_cgroups(5): name, hierarchy (0 for v2), number of cgroups, enabled.
  const lines = (host.read('/proc/cgroups') ?? '').split('\n').map((line) => line.split('\t'));
  const [name = '', hierarchy, , enabled] = lines.find(([each = '']) => names.includes(each)) ?? [];
  if (enabled === '0') return `add cgroup_enable=${name} to the kernel’s command line, and boot again`;
  if (hierarchy !== undefined && hierarchy !== '0') return mountV1(name);
  if (!hierarchies.some(({ version }) => version === 2)) return MOUNT_V2;
  // A cgroup has those that the one above hands down; only in a container is that not the hierarchy's root.
  return `add +${names[0]} to cgroup.subtree_control of the cgroup above this container’s, or use a kernel that has it`;
}

function mountV1(name: string): string {
  const path = `/sys/fs/cgroup/${name}`;
  return `mkdir -p ${path} && mount -t cgroup -o ${name} none ${path}`;
}

/** `pause` stops what is in a cgroup: cgroup.freeze of v2 belongs to every cgroup but the root. */
function freezer(host: Host, hierarchies: readonly CgroupHierarchy[]): Finding {
  const at = hierarchies.find(({ version, controllers }) => version === 2 || controllers.includes('freezer'));
  if (at !== undefined) return ok('cgroup freezer', `${at.path} (v${at.version})`);
  return reduced('cgroup freezer', 'no hierarchy has it', 'pause is refused', enable(host, hierarchies, ['freezer']));
}

function swap(host: Host, hierarchies: readonly CgroupHierarchy[]): Finding {
  const name = 'swap limits';
  const at = hierarchies.find(({ controllers }) => controllers.includes('memory'));
  if (at === undefined) return reduced(name, 'no memory controller', 'see cgroup memory', 'see cgroup memory');
  if (at.version === 2 || host.has(`${at.path}/memory.memsw.limit_in_bytes`)) return ok(name, 'accounted');
  return reduced(
    name,
    'swap is not accounted',
    '-m limits memory and not swap; --memory-swap is refused',
    'add swapaccount=1 to the kernel’s command line, and boot again',
  );
}
