/** One step of a repair; `lost` is what nobody has any more, `failed` what may go better another time. */
export interface Repair {
  result: 'repaired' | 'removed' | 'dropped' | 'lost' | 'failed';
  /** One line. */
  message: string;
}

/** Hears of each step when it is done. */
export type Tell = (result: Repair['result'], message: string) => void;
