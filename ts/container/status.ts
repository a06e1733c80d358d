import { isPaused } from './pause.ts';
import type { ContainerState } from './record.ts';
import type { StoredContainer } from './store.ts';

/** What a container does, in Docker's words. */
export type ContainerStatus = ContainerState['status'] | 'paused';

/** All of them. */
export const STATUSES: readonly ContainerStatus[] = ['created', 'running', 'paused', 'restarting', 'exited'];

/** The status with what only the kernel knows. @throws ERR_RCX_CGROUP */
export function statusOf(stored: StoredContainer): ContainerStatus {
  return isPaused(stored) ? 'paused' : stored.state.status;
}

/** Whether Docker counts it among those that run: a pause or a wait before the next start is no end. */
export function isUp(status: ContainerStatus): boolean {
  return status === 'running' || status === 'paused' || status === 'restarting';
}
