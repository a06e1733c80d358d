import { expander } from './environment.ts';
import { execForm } from './execForm.ts';
import type { Apply } from './instruction.ts';
import { join } from './pieces.ts';
import { withNames } from './record.ts';
import { blankSeparated, trimSpace } from './space.ts';

/** `VOLUME /a /b`, or `VOLUME ["/a", "/b"]`; paths are kept as they are written. */
export const volume: Apply = ({ config }, instruction) => {
  const words = execForm(instruction.rest, instruction) ?? blankSeparated(instruction.rest);
  if (words.length === 0) throw instruction.fail('it names no volume');
  const expand = expander(config.Env, instruction);
  const paths = words.map((word) => join(expand(trimSpace(word))));
  if (paths.includes('')) throw instruction.fail('a path is empty');
  return { ...config, Volumes: withNames(config.Volumes, paths) };
};
