import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of half-made things, anywhere in the store at `root`. */
export function wreckage(root: string): string[] {
  const all = (path: string): string[] => (existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : []);
  const places = ['', 'images', 'images/blobs/sha256', 'layers', 'containers'].map((place) => join(root, place));
  return places.flatMap(all).filter((path) => /\/\.tmp-/.test(path));
}
