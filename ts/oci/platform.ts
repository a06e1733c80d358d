import { RcxError } from '../errors.ts';
import { plain, quote } from './quote.ts';
import type { Descriptor, ImageConfig, ImageIndex, Platform } from './types.ts';

const ARCHITECTURE_ALIASES: Readonly<Record<string, { architecture: string; variant?: string }>> = {
  x86_64: { architecture: 'amd64' },
  'x86-64': { architecture: 'amd64' },
  x64: { architecture: 'amd64' },
  i386: { architecture: '386' },
  ia32: { architecture: '386' },
  aarch64: { architecture: 'arm64' },
  armhf: { architecture: 'arm', variant: 'v7' },
  armel: { architecture: 'arm', variant: 'v6' },
};

const ARCHITECTURES = new Set(
  '386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm'.split(' '),
);

/**
 * Reads `os[/architecture[/variant]]`, or an architecture alone: `linux/arm64/v8`, `linux/amd64`, `arm64`.
 * @throws ERR_RCX_INVALID_PLATFORM
 */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/');
  const wellFormed = parts.length <= 3 && parts.every((part) => /^[a-z0-9_.-]+$/.test(part));
  const [first = '', second, third] = parts;
  const alone = second === undefined ? normalize({ os: 'linux', architecture: first }) : undefined;
  if (wellFormed && alone !== undefined && ARCHITECTURES.has(alone.architecture)) return alone;
  if (wellFormed && first === 'linux') {
    const architecture = second ?? hostPlatform().architecture;
    return normalize({ os: first, architecture, ...(third !== undefined && { variant: third }) });
  }
  const reason = wellFormed && second !== undefined ? 'only linux can run here' : 'not os/architecture[/variant]';
  throw new RcxError(`invalid platform ${quote(text)}: ${reason}`, {
    code: 'ERR_RCX_INVALID_PLATFORM',
    step: 'parse platform',
    path: plain(text),
    hint: 'write it as linux/amd64, linux/arm64 or linux/arm/v7.',
  });
}

/**
 * The platform this process runs on. Micro-architecture levels of amd64 (v2, v3 …) are not probed: the base level runs
 * everywhere, and the others can be asked for by name.
 */
export function hostPlatform(): Platform {
  return normalize({ os: 'linux', architecture: process.arch });
}

/** `linux/arm/v7`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return plain([os, architecture, ...(variant ? [variant] : [])].join('/'));
}

/** One spelling for each platform: `aarch64` and `arm64/v8` are `arm64`, `amd64/v1` is `amd64`, `arm` is `arm/v7`. */
export function normalize(platform: Platform): Platform {
  const written = platform.architecture.toLowerCase();
  const alias = Object.hasOwn(ARCHITECTURE_ALIASES, written) ? ARCHITECTURE_ALIASES[written] : undefined;
  const architecture = alias?.architecture ?? written;
  const variant = normalizeVariant(architecture, alias?.variant ?? platform.variant?.toLowerCase() ?? '');
  const { variant: _written, ...rest } = platform;
  return { ...rest, os: platform.os.toLowerCase(), architecture, ...(variant !== '' && { variant }) };
}

/**
 * The manifest of `index` to run on `platform`: the same variant if there is one, else the next lower compatible one, in
 * containerd's order (amd64 levels then 386; arm64 levels then 32-bit arm; arm v7, v6, v5).
 * @throws ERR_RCX_PLATFORM_NOT_FOUND naming the platforms there are.
 */
export function choosePlatform(index: Pick<ImageIndex, 'manifests'>, platform: Platform): Descriptor {
  for (const wanted of compatible(normalize(platform))) {
    const found = index.manifests.find((entry) => entry.platform !== undefined && matches(entry.platform, wanted));
    if (found !== undefined) return found;
  }
  // An entry without a platform promises nothing; it is the best there is, and its config will tell.
  const silent = index.manifests.find((entry) => entry.platform === undefined);
  if (silent !== undefined) return silent;
  throw notFound(index, platform);
}

/** Whether a config is for `platform`; a variant that either does not name is any. */
export function isFor(config: Pick<ImageConfig, 'os' | 'architecture' | 'variant'>, platform: Platform): boolean {
  const { os, architecture, variant } = config;
  const has = normalize({ os, architecture, ...(variant !== undefined && { variant }) });
  const wanted = normalize(platform);
  const sameVariant = platform.variant === undefined || variant === undefined || has.variant === wanted.variant;
  return has.os === wanted.os && has.architecture === wanted.architecture && sameVariant;
}

function matches(offered: Platform, wanted: string): boolean {
  return offered.os.toLowerCase() === 'linux' && key(normalize(offered)) === wanted;
}

function key({ os, architecture, variant }: Platform): string {
  return `${os}/${architecture}/${variant ?? ''}`;
}

function normalizeVariant(architecture: string, variant: string): string {
  const prefixed = /^\d/.test(variant) ? `v${variant}` : variant;
  if (architecture === '386') return '';
  if (architecture === 'amd64' && prefixed === 'v1') return '';
  if (architecture === 'arm64') return prefixed === 'v8' || prefixed === 'v8.0' ? '' : prefixed.replace(/\.0$/, '');
  return architecture === 'arm' && prefixed === '' ? 'v7' : prefixed;
}

/** Keys of all platforms whose programs run on `platform`, best first. */
function compatible(platform: Platform): string[] {
  const { os, architecture, variant = '' } = platform;
  const of = (arch: string, variants: string[]): string[] =>
    variants.map((each) => key(normalize({ os, architecture: arch, variant: each })));
  const exact = key(platform);
  if (architecture === 'amd64') return [exact, ...of('amd64', levels(variant, 1)), ...of('386', [''])];
  if (architecture === 'arm') return [exact, ...of('arm', levels(variant, 5))];
  if (architecture === 'arm64')
    return [exact, ...of('arm64', arm64Levels(variant)), ...of('arm', ['v8', 'v7', 'v6', 'v5'])];
  return [exact];
}

/** The variants below `variant`, down to `lowest`: v7 with 5 gives v6, v5. */
function levels(variant: string, lowest: number): string[] {
  const [, digits] = /^v(\d)$/.exec(variant) ?? [];
  const below: string[] = [];
  for (let level = Number(digits ?? 0) - 1; level >= lowest; level--) below.push(`v${level}`);
  return below;
}

/** v9.x contains v9.(x-1) … v9.0 and, as Armv9 grew out of Armv8.5, v8.(x+5) … v8.0. */
function arm64Levels(variant: string): string[] {
  const [, major, minor = '0'] = /^v([89])(?:\.(\d))?$/.exec(variant) ?? [];
  const down = (prefix: string, from: number): string[] =>
    Array.from({ length: Math.max(from + 1, 0) }, (_, index) => `${prefix}.${from - index}`);
  if (major === '9') return [...down('v9', Number(minor) - 1), ...down('v8', Number(minor) + 5)];
  return major === '8' ? down('v8', Number(minor) - 1) : [];
}

function notFound(index: Pick<ImageIndex, 'manifests'>, platform: Platform): RcxError {
  // BuildKit lists attestations as unknown/unknown: nobody can run those.
  const offered = index.manifests
    .map((entry) => entry.platform)
    .filter((each) => each !== undefined && each.os !== 'unknown')
    .map((each) => (each === undefined ? '' : formatPlatform(each)));
  const list = offered.length === 0 ? 'none' : [...new Set(offered)].slice(0, 20).join(', ');
  return new RcxError(`the image has no variant for ${formatPlatform(platform)}; it has: ${list}`, {
    code: 'ERR_RCX_PLATFORM_NOT_FOUND',
    step: 'choose platform',
    path: formatPlatform(platform),
    hint: 'choose one of these with --platform; programs of another architecture need binfmt_misc emulation to run.',
  });
}
