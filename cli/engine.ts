import { Engine } from '../ts/engine.ts';
import { enterNamespace } from '../ts/rootless/namespace.ts';
import { warn } from './output/warnings.ts';

/** The engine of a command, which replaces itself where files are only to be reached as root of its user's namespace. */
export function openEngine(): Engine {
  return new Engine({ enter: () => enterNamespace((why) => warn(reduced(why))) });
}

/** What is to be said once, when the namespace is made. */
export function reduced(why: string): string {
  return (
    `rcx: warning: ${why}: containers have no other ids than your own, files of images keep theirs on record only, and ` +
    'changes of owner have no effect; see docs/rootless.md'
  );
}
