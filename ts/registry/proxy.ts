import { BlockList, isIP } from 'node:net';
import { RcxError } from '../errors.ts';
import { quote } from '../oci/quote.ts';
import { bareAddress, isLoopback } from './loopback.ts';

/**
 * The proxy for `url`, by the rules Docker, containerd and every other Go program follow: `HTTPS_PROXY` or `HTTP_PROXY` by
 * scheme, `NO_PROXY` as names, subdomains, addresses, CIDR blocks and `*`, and never a proxy for loopback.
 * @throws ERR_RCX_INVALID_PROXY
 */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): URL | undefined {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const setting = env[name] || env[name.toLowerCase()];
  if (!setting || isLoopback(url.hostname)) return undefined;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const exceptions = (env.NO_PROXY || env.no_proxy || '').split(',').map((entry) => entry.trim().toLowerCase());
  if (exceptions.some((entry) => isException(entry, bareAddress(url.hostname), port))) return undefined;
  return parseProxy(name, setting);
}

function parseProxy(name: string, setting: string): URL {
  const text = setting.includes('://') ? setting : `http://${setting}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  // The setting may hold a password, so only its scheme is repeated.
  const scheme = quote(setting.includes('://') ? setting.slice(0, setting.indexOf('://')) : 'http');
  throw new RcxError(`the environment variable ${name} is not an http or https proxy URL (its scheme is ${scheme})`, {
    code: 'ERR_RCX_INVALID_PROXY',
    step: 'choose proxy',
    path: name,
    hint: `set ${name} to a URL such as http://proxy.example:3128, or unset it.`,
  });
}

function isException(entry: string, host: string, port: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  if (entry.includes('/')) return isInBlock(entry, host);
  const [, name = '', entryPort] = /^(.*?|\[.*\])(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (entryPort !== undefined && entryPort !== port) return false;
  const pattern = bareAddress(name).replace(/^\*/, '');
  if (pattern.startsWith('.')) return host.endsWith(pattern);
  return host === pattern || (isIP(host) === 0 && host.endsWith(`.${pattern}`));
}

function isInBlock(entry: string, host: string): boolean {
  const [network = '', bits = ''] = entry.split('/');
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  const widest = family === 'ipv6' ? 128 : 32;
  if (isIP(network) === 0 || isIP(host) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > widest) return false;
  const block = new BlockList();
  block.addSubnet(network, Number(bits), family);
  return block.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}
