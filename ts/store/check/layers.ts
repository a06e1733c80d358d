import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { isRcxError } from '../../errors.ts';
import { turns } from '../../image/turns.ts';
import type { CompareResult } from '../../layer/compareTrees.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Descriptor } from '../../oci/types.ts';
import { BlobStore } from '../blobs.ts';
import { measure } from '../diskSpace.ts';
import { LayerStore } from '../layers.ts';
import { listLayers } from '../listing.ts';
import type { StorePaths } from '../paths.ts';
import { type Leftover, type Problem, REPAIR } from './findings.ts';

/** Who needs a layer, and the blobs that it can be made from. */
export interface LayerNeed {
  images: string[];
  containers: string[];
  blobs: Descriptor[];
}

export interface LayerCheckOptions {
  needs: ReadonlyMap<Digest, LayerNeed>;
  /** Blobs that are not what their name says. */
  damaged: ReadonlyMap<Digest, string>;
  /** Compare every tree with its blob, not only those whose size is another than it was. */
  deep: boolean;
  compare(diffId: Digest, blob: Descriptor): Promise<CompareResult>;
}

export interface LayerCheck {
  count: number;
  problems: Problem[];
  leftovers: Leftover[];
}

const NOBODY: LayerNeed = { images: [], containers: [], blobs: [] };

/** Checks that all layers are there that are needed, and that the trees are what they were when they were made. */
export async function checkLayers(paths: StorePaths, options: LayerCheckOptions): Promise<LayerCheck> {
  const present = listLayers(paths);
  const check: LayerCheck = { count: present.length, problems: [], leftovers: [] };
  const takeTurn = turns(availableParallelism());
  const all = new Set([...present, ...options.needs.keys()]);
  const [layers, blobs] = [new LayerStore(paths), new BlobStore(paths)];
  await Promise.all([...all].map((diffId) => takeTurn(() => checkLayer({ check, layers, blobs, options }, diffId))));
  return check;
}

interface Context {
  check: LayerCheck;
  layers: LayerStore;
  blobs: BlobStore;
  options: LayerCheckOptions;
}

async function checkLayer(context: Context, diffId: Digest): Promise<void> {
  const { check, layers, options } = context;
  const path = dirname(layers.path(diffId));
  const need = options.needs.get(diffId);
  const absence = absenceOf(layers, diffId);
  if (absence === undefined) {
    const why = await differenceOf(context, diffId, need ?? NOBODY);
    if (why !== undefined) check.problems.push(problem(diffId, path, why, need ?? NOBODY, false));
  } else if (need !== undefined) {
    check.problems.push(problem(diffId, path, absence, need, true));
  } else {
    check.leftovers.push({ kind: 'temporary', message: `layer ${diffId}: ${path}: ${absence}`, path });
  }
}

/** Why a layer does not count as being there. */
function absenceOf(layers: LayerStore, diffId: Digest): string | undefined {
  try {
    const state = layers.state(diffId);
    if (state !== 'whole') return ABSENCES[state];
    return existsSync(layers.path(diffId)) ? undefined : 'its tree is missing';
  } catch (error) {
    if (isRcxError(error)) return error.message;
    throw error;
  }
}

const ABSENCES = {
  missing: 'it is missing',
  unrecorded: 'it has no record, so it is not whole',
  unflushed: 'it was not completely on the disk when the machine went down',
};

/** How a tree differs from what it was; undefined when it does not, or when nothing can be said. */
async function differenceOf(
  { layers, blobs, options }: Context,
  diffId: Digest,
  need: LayerNeed,
): Promise<string | undefined> {
  const { tree } = layers.info(diffId);
  const { entries, bytes } = await measure(layers.path(diffId));
  const same = tree !== undefined && tree.entries === entries && tree.bytes === bytes;
  if (same && !options.deep) return undefined;
  const blob = need.blobs.find(({ digest }) => blobs.has(digest) && !options.damaged.has(digest));
  if (blob === undefined) {
    if (same || tree === undefined) return undefined;
    return `it has ${entries} names and ${bytes} bytes, and was made with ${tree.entries} and ${tree.bytes}`;
  }
  return await comparison(options, diffId, blob);
}

/** undefined when the trees are the same, or not all of them is for this user to read. */
async function comparison(
  { compare }: LayerCheckOptions,
  diffId: Digest,
  blob: Descriptor,
): Promise<string | undefined> {
  try {
    const { count, differences } = await compare(diffId, blob);
    if (count === 0) return undefined;
    const more = count > differences.length ? `, and ${count - differences.length} more` : '';
    return `it is not what its blob holds: ${differences.join(', ')}${more}`;
  } catch (error) {
    if (!isRcxError(error)) throw error;
    if (error.errno === 'EACCES' || error.errno === 'EPERM') return undefined;
    const isNone = error.code === 'ERR_RCX_LAYER_INVALID' || error.code === 'ERR_RCX_DIGEST_MISMATCH';
    if (isNone) return `its blob ${blob.digest} holds another layer: ${error.message}`;
    throw error;
  }
}

function problem(diffId: Digest, path: string, why: string, need: LayerNeed, missing: boolean): Problem {
  const { images, containers } = need;
  const users = [...images, ...containers.map((name) => `container ${name}`)];
  const whose = users.length === 0 ? 'nothing needs it' : `needed by ${users.join(', ')}`;
  const message = `layer ${diffId}: ${path}: ${why}, ${whose}`;
  return { kind: 'layer', message, path, hint: REPAIR, diffId, missing, images, containers };
}
