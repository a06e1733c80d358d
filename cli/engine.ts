import { Engine } from '../ts/engine.ts';
import { enterNamespace } from '../ts/rootless/namespace.ts';
import { warn } from './output/warnings.ts';

/** The engine of a command, which replaces itself where files are only to be reached as root of its user's namespace. */
export function openEngine(): Engine {
  return new Engine({ enter: () => enterNamespace(warnOfReduced), onReduced: warnOfReduced });
}

/** What is to be said once, when the namespace is made. */
export function warnOfReduced(why: string): void {
  warn(
    `rcx: warning: ${why}: in containers your own id is the only one, files of images have their owners on record only, and ` +
      'no file can be given to others; see docs/rootless.md',
  );
}
