import { setImmediate as breathe } from 'node:timers/promises';
import type { Engine } from '../engine.ts';
import { containerEvent } from '../events/append.ts';
import { packUnion } from '../layer/pack.ts';
import { findContainer } from './heal.ts';

/** So much is read before others get their turn: some milliseconds' worth. */
const SLICE = 2 * 1024 * 1024;

/**
 * The whole file system of a container as one uncompressed archive: what it sees of its layers, without what is mounted in it.
 * @param text name or id
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_LAYER_XATTR, ERR_RCX_LAYER_READ, also when a running container cuts a file short
 * meanwhile, and the signal's reason
 */
export async function* exportContainer(
  engine: Engine,
  text: string,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  await engine.enter();
  const { config } = await findContainer(engine, text);
  const { overlay } = config.request.rcx;
  const layers = overlay === undefined ? [config.request.spec.root.path] : [overlay.upper, ...overlay.lower];
  containerEvent(engine.paths, config, 'export');
  let read = 0;
  for (const piece of packUnion(layers)) {
    yield piece;
    read += piece.length;
    if (read < SLICE) continue;
    read = 0;
    await breathe();
    signal?.throwIfAborted();
  }
}
