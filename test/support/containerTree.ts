import type { Store } from './cli.ts';
import { withUnion } from './overlay.ts';
import { readTree, type Tree } from './tree.ts';

/** What rcx' own layer puts into a container, and the directories that it lies in: their times are those of the container. */
const INIT = /^(\.|dev|proc|sys|etc|etc\/(hosts|hostname|resolv\.conf|mtab))$/;

/** What a container sees of its layers, through the kernel's own overlay. */
export async function containerTree(store: Store, name: string): Promise<Tree> {
  return await unionTree(store, await store.ok(['container', 'layers', name]), 0);
}

/** The same of an image. */
export async function imageTree(store: Store, name: string): Promise<Tree> {
  return await unionTree(store, await store.ok(['image', 'layers', name]), 2);
}

/** A tree without the times that every container has of its own. */
export function withoutInitTimes(tree: Tree): Tree {
  return mapTree(tree, (path, entry) => (INIT.test(path) ? { ...entry, mtime: '' } : entry));
}

/** A tree without the times of directories, which some tools set before they change what is in them. */
export function withoutDirectoryTimes(tree: Tree): Tree {
  return mapTree(tree, (_, entry) => (entry.type === 'directory' ? { ...entry, mtime: '' } : entry));
}

/** What two trees differ in, by path: quicker to compare than thousands of entries, and to read. */
export function differences(
  one: Tree,
  other: Tree,
): Record<string, [Tree[string] | undefined, Tree[string] | undefined]> {
  const paths = Object.keys({ ...one, ...other });
  const differing = paths.filter((path) => JSON.stringify(one[path]) !== JSON.stringify(other[path]));
  return Object.fromEntries(differing.map((path) => [path, [one[path], other[path]]]));
}

function mapTree(tree: Tree, change: (path: string, entry: Tree[string]) => Tree[string]): Tree {
  return Object.fromEntries(Object.entries(tree).map(([path, entry]) => [path, change(path, entry)]));
}

/** @param column of a directory in each line of the list */
async function unionTree(store: Store, list: string, column: number): Promise<Tree> {
  const layers = list.trimEnd().split('\n');
  const directories = layers.map((line) => line.split('  ')[column] ?? '');
  return await withUnion(store.folder, directories, readTree);
}
