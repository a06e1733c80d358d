import { loadConfig, type RcxConfig, withInsecure } from '../config/config.ts';
import { RcxError } from '../errors.ts';
import { JsonNode, listOf, present, string } from '../oci/json.ts';
import { indentJson, joinMembers, type RawMember } from '../oci/jsonText.ts';
import { isConfigType, OCI_MANIFEST } from '../oci/mediaTypes.ts';
import { parseManifest } from '../oci/parse.ts';
import { canonicalReference, parseReference, type Reference } from '../oci/reference.ts';
import type { Descriptor, ImageManifest, Platform } from '../oci/types.ts';
import type { ImageSource } from './source.ts';

export interface InspectManifestOptions {
  /** Tell the reference, the descriptor with its platform and the bytes; of an index, of all its manifests. */
  verbose?: boolean;
  /** Accept any certificate, and plain HTTP. */
  insecure?: boolean;
  /** Settings, instead of those of the config files. */
  config?: RcxConfig;
  env?: NodeJS.ProcessEnv;
}

type Fetched = Awaited<ReturnType<ImageSource['fetchManifest']>>;

/** Docker's indentation: of an index other than of everything else. */
const INDEX_INDENT = '   ';
const INDENT = '\t';
const MAX_CONFIG = 4 * 1024 * 1024;

/**
 * What `docker manifest inspect` prints: the registry's document as it is, laid out anew, or with `verbose` Docker's
 * description of it.
 * @throws what {@link Registry.fetchManifest} and, for the platform of an image, {@link Registry.fetchBlob} throw;
 *   ERR_RCX_INVALID_REFERENCE, ERR_RCX_INVALID_MANIFEST
 */
export async function inspectManifest(name: string, options: InspectManifestOptions = {}): Promise<string> {
  const { env = process.env, config = loadConfig(env) } = options;
  const reference = parseReference(name);
  const { Registry } = await import('../registry/index.ts');
  const registry = new Registry({ config: options.insecure ? withInsecure(config, reference.registry) : config, env });
  try {
    return await describe(registry, reference, options.verbose ?? false);
  } finally {
    await registry.close();
  }
}

async function describe(source: ImageSource, reference: Reference, verbose: boolean): Promise<string> {
  const fetched = await source.fetchManifest(reference);
  const parsed = parseManifest(fetched.bytes, fetched.descriptor.mediaType);
  if (!verbose) return indentJson(textOf(fetched), parsed.kind === 'index' ? INDEX_INDENT : INDENT);
  if (parsed.kind === 'manifest') {
    const platform = await platformOf(source, reference, parsed.manifest);
    return layOut(description(reference, fetched, platform));
  }
  const descriptions: string[] = [];
  for (const { digest, platform } of parsed.index.manifests) {
    const part = { ...reference, digest };
    descriptions.push(description(part, await source.fetchManifest(part), platform));
  }
  return layOut(`[${descriptions.join(',')}]`);
}

/** Docker's `ImageManifest`. */
function description(reference: Reference, fetched: Fetched, platform: Platform | undefined): string {
  const { mediaType, digest, size } = fetched.descriptor;
  const descriptor = { mediaType, digest, size, platform: ordered(platform) };
  const members: RawMember[] = [
    ['Ref', JSON.stringify(canonicalReference(reference))],
    ['Descriptor', JSON.stringify(descriptor)],
    ['Raw', JSON.stringify(fetched.bytes.toString('base64'))],
  ];
  if (parseManifest(fetched.bytes, mediaType).kind === 'manifest') {
    members.push([mediaType === OCI_MANIFEST ? 'OCIManifest' : 'SchemaV2Manifest', textOf(fetched)]);
  }
  return joinMembers(members);
}

/** An image tells its platform in its config only; artifacts have none, which Docker shows as an empty one. */
async function platformOf(
  source: ImageSource,
  reference: Reference,
  { config }: ImageManifest,
): Promise<Platform | undefined> {
  if (!isConfigType(config.mediaType)) return undefined;
  const failure = (problem: string): RcxError => badConfig(reference, config, problem);
  if (config.size > MAX_CONFIG) throw failure(`has ${config.size} bytes`);
  const chunks: Buffer[] = [];
  for await (const chunk of source.fetchBlob(reference, config)) chunks.push(chunk);
  let document: unknown;
  try {
    document = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw failure('is not JSON');
  }
  const node = new JsonNode(document, failure);
  return {
    architecture: node.optional('architecture', string) ?? '',
    os: node.optional('os', string) ?? '',
    ...present({
      'os.version': node.optional('os.version', string),
      'os.features': node.optional('os.features', listOf(string)),
      variant: node.optional('variant', string),
    }),
  };
}

/** In the order of the fields of Docker's type. */
function ordered(platform: Platform | undefined): Platform {
  const { architecture = '', os = '', variant, 'os.version': version, 'os.features': features } = platform ?? {};
  return { architecture, os, ...present({ 'os.version': version, 'os.features': features, variant }) };
}

function textOf({ bytes }: Fetched): string {
  return bytes.toString('utf8');
}

/** Go's encoder escapes what would matter within HTML. */
function layOut(text: string): string {
  return indentJson(text, INDENT).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function badConfig(reference: Reference, { digest }: Descriptor, problem: string): RcxError {
  return new RcxError(`inspect ${canonicalReference(reference)}: its config ${digest} ${problem}`, {
    code: 'ERR_RCX_INVALID_MANIFEST',
    step: 'inspect manifest',
    path: digest,
    hint: 'the registry does not hold a valid image under this name; without -v only its manifest is shown.',
  });
}
