/** Something that happened, in the form of the Docker Engine API's `/events`. */
export interface RcxEvent {
  /** As `Action`; containers and images only. */
  status?: string;
  /** As `Actor.ID`; containers and images only. */
  id?: string;
  /** The image of a container. */
  from?: string;
  Type: 'container' | 'image' | 'volume' | 'network';
  /** What was done, as `start`; with details after a colon, as `exec_start: sh`. */
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: 'local';
  /** Seconds since 1970. */
  time: number;
  /** Nanoseconds since 1970, more than a number holds exactly: to order, not to compute. */
  timeNano: number;
}

/** The log in the runtime directory: it tells of this boot. */
export const EVENTS_FILE = 'events';
/** What came before, once the log was too long. */
export const OLD_EVENTS_FILE = 'events.1';
