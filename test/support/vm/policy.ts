import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { unpackedPackage } from './packages.ts';

/** The kernel knows them by their number (`initial_sid_to_string.h`). */
const INITIAL = [
  ...['kernel', 'security', 'unlabeled', 'fs', 'file', 'file_labels', 'init', 'any_socket', 'port', 'netif', 'netmsg'],
  ...['node', 'igmp_packet', 'icmp_socket', 'tcp_socket', 'sysctl_modprobe', 'sysctl', 'sysctl_fs', 'sysctl_kernel'],
  ...['sysctl_net', 'sysctl_net_unix', 'sysctl_vm', 'sysctl_dev', 'kmod', 'policy', 'scmp_packet', 'devnull'],
];
const CATEGORIES = Array.from({ length: 1024 }, (_, number) => `c${number}`);
/** A label can be set on nothing else than what there is a class for. */
const OTHERS = ['lnk_file', 'chr_file', 'blk_file', 'sock_file', 'fifo_file'];
const TYPES = ['host_t', 'host_file_t', 'container_t', 'container_other_t', 'container_file_t'];
const CONTAINERS = ['container_t', 'container_other_t'];

/**
 * A policy of the kind that distributions have for containers, of as little as possible: programs of containers write to nothing but
 * files of containers, and there to those with their own categories. What it does not speak of is allowed.
 * @see https://github.com/SELinuxProject/selinux/blob/main/secilc/docs/README.md
 */
function text(): string {
  const context = (type: string) => `(system_u ${type === 'host_t' ? 'system_r' : 'object_r'} ${type} ((s0) (s0)))`;
  const statements = [
    '(handleunknown allow)',
    '(mls true)',
    '(policycap nnp_nosuid_transition)',
    '(class process (transition dyntransition))',
    '(class file (write create entrypoint))',
    '(class dir (write add_name))',
    ...OTHERS.map((name) => `(class ${name} (write create))`),
    `(classorder (process file dir ${OTHERS.join(' ')}))`,
    ...INITIAL.map((name) => `(sid ${name})`),
    `(sidorder (${INITIAL.join(' ')}))`,
    ...INITIAL.map(
      (name) => `(sidcontext ${name} ${context(['kernel', 'init'].includes(name) ? 'host_t' : 'host_file_t')})`,
    ),
    '(sensitivity s0)',
    '(sensitivityorder (s0))',
    ...CATEGORIES.map((name) => `(category ${name})`),
    `(categoryorder (${CATEGORIES.join(' ')}))`,
    '(sensitivitycategory s0 (range c0 c1023))',
    ...TYPES.map((name) => `(type ${name})`),
    '(typeattribute anything)',
    `(typeattributeset anything (${TYPES.join(' ')}))`,
    '(typeattribute container)',
    `(typeattributeset container (${CONTAINERS.join(' ')}))`,
    '(role system_r)',
    '(role object_r)',
    '(roletype system_r host_t)',
    '(roletype system_r container)',
    '(roletype object_r anything)',
    '(user system_u)',
    '(userrole system_u system_r)',
    '(userrole system_u object_r)',
    '(userlevel system_u (s0))',
    '(userrange system_u ((s0) (s0 (range c0 c1023))))',
    ...['process (transition)', 'file (write create entrypoint)', 'dir (write add_name)'].map(
      (what) => `(allow host_t anything (${what}))`,
    ),
    ...OTHERS.map((name) => `(allow anything anything (${name} (write create)))`),
    ...['file (write create entrypoint)', 'dir (write add_name)'].map(
      (what) => `(allow container container_file_t (${what}))`,
    ),
    // Message queues, whose filesystem takes no label for all that is in it.
    '(typetransition container_t host_file_t file container_file_t)',
    '(mlsconstrain (file (write create)) (or (dom h1 h2) (eq t1 host_t)))',
    '(mlsconstrain (dir (write add_name)) (or (dom h1 h2) (eq t1 host_t)))',
    ...['ext4', 'overlay', 'ramfs'].map((fs) => `(fsuse xattr ${fs} ${context('host_file_t')})`),
    ...['tmpfs', 'devtmpfs', 'devpts', 'mqueue'].map((fs) => `(fsuse trans ${fs} ${context('host_file_t')})`),
    ...['pipefs', 'sockfs'].map((fs) => `(fsuse task ${fs} ${context('host_file_t')})`),
    ...['proc', 'sysfs', 'cgroup2', 'selinuxfs'].map((fs) => `(genfscon ${fs} "/" ${context('host_file_t')})`),
  ];
  return `${statements.join('\n')}\n`;
}

/** Compiles it; returns the file that the kernel takes. */
export async function makePolicy(scratch: string): Promise<string> {
  const compiler = join(await unpackedPackage('secilc'), 'usr/bin/secilc');
  const library = join(await unpackedPackage('libsepol2'), 'lib/x86_64-linux-gnu');
  const source = join(scratch, 'policy.cil');
  const policy = join(scratch, 'policy');
  await writeFile(source, text());
  // Of a version that the kernel on the machine knows.
  const args = ['--policyvers=33', `--output=${policy}`, '--filecontext=/dev/null', source];
  await execa(compiler, args, { env: { LD_LIBRARY_PATH: library } });
  return policy;
}
