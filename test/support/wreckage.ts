import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of half-made things, anywhere in the store at `root`. */
export function wreckage(root: string): string[] {
  const all = (path: string): string[] => (existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : []);
  const volumes = all(join(root, 'volumes')).map((path) => path.slice(root.length + 1));
  const fixed = ['', 'images', 'images/blobs/sha256', 'layers', 'containers', 'volumes'];
  const places = [...fixed, ...volumes].map((place) => join(root, place));
  return places.flatMap(all).filter((path) => /\/\.tmp-/.test(path));
}
