/**
 * The low-level binding, for programs that bring their own root filesystem: `native()` returns the addon, whose functions and classes
 * are documented where they are declared. It is loaded at the first call.
 */
export type * from '../../native/index.d.ts';
export { isRcxError, RcxError, type RcxErrorDetails } from '../errors.ts';
export { initPath, native, runtimePath } from './load.ts';
