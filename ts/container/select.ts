import type { Engine } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { passesLabels } from '../system/filters/labels.ts';
import { type FilterName, type FilterValues, matchesPattern } from './filters.ts';
import { findContainer } from './heal.ts';
import { mappingsOf } from './mappings.ts';
import { isInRange, parsePortRange } from './ports.ts';
import { type ContainerStatus, isUp } from './status.ts';
import type { StoredContainer } from './store.ts';

/** A container as filters see it. */
export interface Candidate extends StoredContainer {
  status: ContainerStatus;
}

type Test = (candidate: Candidate) => boolean;
type Maker = (values: readonly string[], engine: Engine) => Test | Promise<Test>;

/** How the values of each filter become a test. What they name is looked up once. */
const MAKERS: Record<FilterName, Maker> = {
  id: (values) => (candidate) => matchesPattern(values, candidate.config.id),
  // With the slash that Docker has in front, `^/web$` is one name.
  name: (values) => (candidate) => ['', '/'].some((slash) => matchesPattern(values, slash + candidate.config.name)),
  label: (values) => (candidate) =>
    passesLabels({ labels: [...values], withoutLabels: [] }, candidate.config.execution.Labels),
  status: (values) => (candidate) => values.includes(candidate.status),
  health: (values) => (candidate) => values.includes(candidate.state.health ?? 'none'),
  exited: exitedWith,
  network: inNetworks,
  volume: (values) => (candidate) =>
    (candidate.config.mounts ?? []).some(({ name, source, destination }) =>
      values.some((each) => each === name || each === source || each === destination),
    ),
  publish: publishes,
  expose: exposes,
  ancestor: madeFrom,
  before: async (values, engine) => {
    const limits = await Promise.all(values.map((value) => createdAt(engine, value)));
    return ({ config }) => limits.every((limit) => config.created < limit);
  },
  since: async (values, engine) => {
    const limits = await Promise.all(values.map((value) => createdAt(engine, value)));
    return ({ config }) => limits.every((limit) => config.created > limit);
  },
};

/**
 * The test of all filters together.
 * @throws ERR_RCX_CONTAINER_NOT_FOUND for a container that `before` or `since` names
 */
export async function testOf(engine: Engine, filters: FilterValues): Promise<Test> {
  const tests = await Promise.all([...filters].map(([name, values]) => MAKERS[name](values, engine)));
  return (candidate) => tests.every((test) => test(candidate));
}

function exitedWith(values: readonly string[]): Test {
  const codes = values.map(Number);
  return ({ status, state }) =>
    !isUp(status) && state.startedAt !== undefined && state.exitCode !== undefined && codes.includes(state.exitCode);
}

/** By name, or by id or the start of it, of any network that it is in. */
function inNetworks(values: readonly string[]): Test {
  return ({ config }) => {
    const networks = Object.entries(config.networks ?? {});
    const isIn = (value: string) => networks.some(([name, { id }]) => name === value || id.startsWith(value));
    return values.some((value) => value === config.network || (value !== '' && isIn(value)));
  };
}

function publishes(values: readonly string[]): Test {
  const ranges = values.flatMap((value) => parsePortRange(value) ?? []);
  return ({ state }) =>
    mappingsOf(state).some(({ hostPort, protocol }) => isInRange(`${hostPort}/${protocol}`, ranges));
}

function exposes(values: readonly string[]): Test {
  const ranges = values.flatMap((value) => parsePortRange(value) ?? []);
  return ({ config }) => Object.keys(config.execution.ExposedPorts ?? {}).some((port) => isInRange(port, ranges));
}

async function createdAt(engine: Engine, text: string): Promise<string> {
  return (await findContainer(engine, text)).config.created;
}

/** Made from one of the images, or from an image that is built on one. An image that is gone is still known by its id and name. */
function madeFrom(values: readonly string[], engine: Engine): Test {
  const tests = values.map((value): Test => {
    const image = findImage(engine, value);
    if (image !== undefined) {
      return ({ config }) =>
        config.imageId === image.id || (image.diffIds.length > 0 && startsWith(config.diffIds, image.diffIds));
    }
    const digits = /^(?:sha256:)?([0-9a-f]{4,64})$/.exec(value)?.[1];
    return ({ config }) =>
      config.image === value || (digits !== undefined && config.imageId?.startsWith(`sha256:${digits}`) === true);
  });
  return (candidate) => tests.some((test) => test(candidate));
}

function findImage({ images }: Engine, text: string): { id: Digest; diffIds: readonly Digest[] } | undefined {
  try {
    return images.find(text);
  } catch (error) {
    if (isRcxError(error)) return undefined;
    throw error;
  }
}

function startsWith(layers: readonly Digest[], base: readonly Digest[]): boolean {
  return base.every((diffId, at) => layers[at] === diffId);
}
