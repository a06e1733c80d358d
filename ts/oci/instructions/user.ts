import { expander } from './environment.ts';
import type { Apply } from './instruction.ts';
import { join } from './pieces.ts';

/**
 * `USER user[:group]`. An empty one is refused: for Docker it is root, which nobody means who writes `USER $NAME` with a
 * variable that is not set.
 */
export const user: Apply = ({ config }, instruction) => {
  const User = join(expander(config.Env, instruction)(instruction.rest));
  if (User === '') throw instruction.fail('the user is empty', 'Write USER root for root.');
  return { ...config, User };
};
