export { native, runtimePath } from './load.ts';
export { packageRoot } from './packageRoot.ts';
