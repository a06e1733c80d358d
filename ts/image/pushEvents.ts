import type { Digest } from '../oci/digest.ts';

/** What happens to one layer during a push. */
export interface PushEvent {
  /** The layer's own name: that of its archive, which it keeps however it is compressed. */
  diffId: Digest;
  status: 'preparing' | 'compressing' | 'pushing' | 'pushed' | 'mounted' | 'exists' | 'skipped';
  /** Bytes that have gone out, and that there are. */
  current?: number;
  total?: number;
  /** Repository that the registry had a mounted layer in. */
  from?: string;
}
