/** Types of the addon; only this folder knows where it lies. */
export type * from '../../native/index.d.ts';
export { native, runtimePath } from './load.ts';
export { packageRoot } from './packageRoot.ts';
