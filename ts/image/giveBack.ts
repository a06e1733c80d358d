import type { Engine } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import type { Content } from '../store/content.ts';
import { removeContent } from '../store/gc.ts';
import { contentLockPath, tryLock } from '../store/lock.ts';
import { findInUse } from './inUse.ts';

/**
 * Removes content that was made for nothing: an image that did not come about, or one that now consists of something else. To
 * be called by whoever does not hold the content lock any more. While somebody else holds it, who may have come to rely on
 * that content, it stays.
 */
export async function giveBack(engine: Pick<Engine, 'paths' | 'containers'>, content: Content): Promise<void> {
  if (content.blobs.length === 0 && content.diffIds.length === 0) return;
  try {
    const lock = tryLock(contentLockPath(engine.paths));
    if (lock === undefined) return;
    try {
      await removeContent(engine.paths, content, findInUse(engine));
    } finally {
      lock.release();
    }
  } catch (error) {
    // What is left does no harm, and something more important may have failed before.
    if (!isRcxError(error)) throw error;
  }
}
