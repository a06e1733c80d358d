import { RcxError } from '../errors.ts';
import { plain, quote } from '../oci/quote.ts';

/** Those below `kernel.` that belong to the IPC namespace (ipc_namespaces(7)). */
const IPC = new Set(
  'msgmax msgmnb msgmni sem shmall shmmax shmmni shm_rmid_forced'.split(' ').map((name) => `kernel.${name}`),
);

/** The namespace that a setting of the kernel belongs to; `undefined` for what is the whole machine's. */
export function namespaceOf(name: string): 'network' | 'ipc' | undefined {
  if (name.startsWith('net.')) return 'network';
  return IPC.has(name) || name.startsWith('fs.mqueue.') ? 'ipc' : undefined;
}

/** `--sysctl name=value`. @throws ERR_RCX_SYSCTL for what is no such pair, or would be changed for the whole machine */
export function parseSysctl(text: string): [string, string] {
  const [, name = '', value] = /^([\w.-]+)=(.*)$/s.exec(text) ?? [];
  if (value === undefined || name.split('.').includes('')) {
    throw refused(text, 'write it as net.core.somaxconn=1024');
  }
  if (namespaceOf(name) !== undefined) return [name, value];
  throw refused(
    text,
    `sysctl '${name}' is not allowed: it is global to the host, whose kernel is shared; set it there`,
  );
}

/**
 * Refuses settings of a namespace that is not the container's own.
 * @param shared the namespaces that are the host's
 * @throws ERR_RCX_SYSCTL
 */
export function requireOwnNamespaces(
  sysctls: Readonly<Record<string, string>>,
  shared: Readonly<Record<'network' | 'ipc', boolean>>,
): void {
  for (const name of Object.keys(sysctls)) {
    const namespace = namespaceOf(name);
    if (namespace === undefined || shared[namespace]) {
      const why = namespace === undefined ? 'it is global to the host' : `the ${namespace} namespace is the host's`;
      throw refused(name, `sysctl '${name}' is not allowed: ${why}`);
    }
  }
}

function refused(text: string, hint: string): RcxError {
  return new RcxError(`set a kernel parameter: ${quote(text)} is refused`, {
    code: 'ERR_RCX_SYSCTL',
    step: 'set a kernel parameter',
    path: plain(text),
    hint,
  });
}
