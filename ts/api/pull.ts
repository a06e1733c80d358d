import type { PullEvent } from '../image/events.ts';
import { Engine } from './engine.ts';
import type { Following } from './following.ts';
import type { PullSettings } from './images.ts';
import type { Pulled } from './operations/images.ts';

/**
 * Fetches an image from a registry into the default store of this user, or that of `engine`. What is there already is not fetched again.
 * Awaited it is what came; iterated, how it goes.
 * @param reference `ubuntu`, `registry.example/team/app:1.2`, `ubuntu@sha256:…`
 */
export function pull(
  reference: string,
  { engine = new Engine(), ...settings }: PullSettings & { engine?: Engine | undefined } = {},
): Following<PullEvent, Pulled> {
  return engine.images.pull(reference, settings);
}
