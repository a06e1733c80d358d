/** `reduced`: containers run, and something costs more or is not there. `missing`: they do not run. */
export type FindingStatus = 'ok' | 'reduced' | 'missing';

/** One thing that rcx uses of a machine, and whether it is there. */
export interface Finding {
  name: string;
  status: FindingStatus;
  /** What there is, in a few words. */
  found: string;
  /** What does not work, or works worse. */
  costs?: string;
  /** What to do: a command where there is one. */
  fix?: string;
}

/** It is as it should be. */
export function ok(name: string, found: string): Finding {
  return { name, status: 'ok', found };
}

/** Containers run without it. */
export function reduced(name: string, found: string, costs: string, fix: string): Finding {
  return { name, status: 'reduced', found, costs, fix };
}

/** Containers do not run without it. */
export function missing(name: string, found: string, costs: string, fix: string): Finding {
  return { name, status: 'missing', found, costs, fix };
}
