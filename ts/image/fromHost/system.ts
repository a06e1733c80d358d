import { posix } from 'node:path';
import type { HostRoot } from './hostRoot.ts';
import { formatLdCache } from './ldCache.ts';
import type { Linkage } from './linkage.ts';
import type { ImageTree } from './tree.ts';

/** Directories every image has, with their permission bits. */
const DIRECTORIES: [path: string, mode: number][] = [
  ['/dev', 0o755],
  ['/etc', 0o755],
  ['/home', 0o755],
  ['/mnt', 0o755],
  ['/opt', 0o755],
  ['/proc', 0o555],
  ['/root', 0o700],
  ['/run', 0o755],
  ['/srv', 0o755],
  ['/sys', 0o555],
  ['/tmp', 0o1777],
  ['/usr', 0o755],
  ['/var', 0o755],
  ['/var/tmp', 0o1777],
];

/** Names that are links into /usr on a merged system: paths such as /bin/sh have to resolve whatever was asked for. */
const MERGED = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

const TEXTS: [path: string, text: string][] = [
  ['/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n'],
  ['/etc/group', 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n'],
  [
    '/etc/nsswitch.conf',
    'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n',
  ],
  ['/root/.bashrc', "PS1='\\u@\\h:\\w\\$ '\n"],
];

const TERMINFO_DIRECTORIES = ['/etc/terminfo', '/lib/terminfo', '/usr/share/terminfo'];
const TERMINALS = [
  'alacritty',
  'ansi',
  'dumb',
  'linux',
  'rxvt',
  'screen',
  'screen-256color',
  'tmux',
  'tmux-256color',
  'vt100',
  'vt220',
  'xterm',
  'xterm-256color',
  'xterm-color',
];

const LOCALE_DIRECTORY = '/usr/lib/locale';
const UTF8_LOCALES = ['C.utf8', 'C.UTF-8'];
const LD_CACHE = '/etc/ld.so.cache';

/** The skeleton programs expect around them. Wants the programs and their libraries to be in `tree` already. */
export function addSystemFiles(host: HostRoot, linkage: Linkage, tree: ImageTree): void {
  for (const path of MERGED) {
    const node = host.node(path);
    if (node?.target !== undefined) tree.addHostPath(path);
  }
  for (const [path, mode] of DIRECTORIES) tree.addDirectory(path, mode);
  for (const [path, text] of TEXTS) tree.addText(path, text);
  tree.addLink('/etc/mtab', '../proc/self/mounts');
  tree.addLink('/var/run', '/run');
  if (host.file('/etc/os-release')) tree.addHostPath('/etc/os-release');
  addTerminals(host, tree);
  addLdCache(host, linkage, tree);
}

/** The UTF-8 locale that needs no definition besides itself; `undefined` where the host has none as plain files. */
export function addLocale(host: HostRoot, tree: ImageTree): string | undefined {
  const name = UTF8_LOCALES.find((candidate) => host.directory(posix.join(LOCALE_DIRECTORY, candidate)));
  if (name === undefined) return undefined;
  for (const path of host.filesBelow(posix.join(LOCALE_DIRECTORY, name))) tree.addHostPath(path);
  return 'C.UTF-8';
}

function addTerminals(host: HostRoot, tree: ImageTree): void {
  for (const name of TERMINALS) {
    // ncurses names the directory by the first letter, or by its code where file systems ignore case.
    const folders = [name.charAt(0), name.charCodeAt(0).toString(16)];
    const paths = TERMINFO_DIRECTORIES.flatMap((directory) =>
      folders.map((folder) => `${directory}/${folder}/${name}`),
    );
    const path = paths.find((candidate) => host.file(candidate));
    if (path !== undefined) tree.addHostPath(path);
  }
}

/**
 * A loader cache of the libraries in the image only: the host's own would list libraries that are not there, and would change the
 * image whenever anything is installed on the host.
 */
function addLdCache(host: HostRoot, linkage: Linkage, tree: ImageTree): void {
  const entries = linkage.cacheEntries().filter(({ path, hwcap }) => {
    const directory = host.directory(posix.dirname(path))?.node.path;
    return hwcap === 0n && directory !== undefined && tree.has(posix.join(directory, posix.basename(path)));
  });
  if (entries.length > 0) tree.addText(LD_CACHE, formatLdCache(entries));
}
