export type { RcxConfig } from './config/config.ts';
export type { ContainerMount, ContainerOptions, IpcMode, NetworkMode, PidMode } from './container/options.ts';
export { type RunOptions, type RunResult, run } from './container/run.ts';
export { Engine, type EngineOptions } from './engine.ts';
export { isRcxError, RcxError, type RcxErrorDetails } from './errors.ts';
