/** Types of the addon; only this folder knows where it lies. */
export type * from '../../native/index.d.ts';
export { initPath, native, runtimePath } from './load.ts';
export { packageRoot } from './packageRoot.ts';
