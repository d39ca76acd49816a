// How a day is cut into shifts. A change of shifts keeps the counts: what was there all day is there in each.

export interface Shift {
  starts: string | null;
  ends: string | null;
}

export const SHIFT_PLANS = {
  always: [{ starts: null, ends: null }],
  two: [
    { starts: '08:00', ends: '20:00' },
    { starts: '20:00', ends: '08:00' },
  ],
  three: [
    { starts: '08:00', ends: '16:00' },
    { starts: '16:00', ends: '00:00' },
    { starts: '00:00', ends: '08:00' },
  ],
} as const satisfies Record<string, readonly Shift[]>;

export type ShiftPlan = keyof typeof SHIFT_PLANS;
export const PLAN_NAMES = Object.keys(SHIFT_PLANS) as ShiftPlan[];

export interface Count {
  cars: number;
  motorcycles: number;
}

/** Counts for another plan: those of the shift that begins it are taken for each new one, where the number differs. */
export function recut(counts: readonly Count[], plan: ShiftPlan): Count[] {
  const shifts = SHIFT_PLANS[plan];
  return shifts.map((_, index) => ({
    ...((counts.length === shifts.length ? counts[index] : counts[0]) ?? { cars: 0, motorcycles: 0 }),
  }));
}

/** 08–16, as a column's heading. */
export const shiftText = ({ starts, ends }: Shift) =>
  starts === null || ends === null ? '' : `${starts.slice(0, 2)}–${ends === '00:00' ? '24' : ends.slice(0, 2)}`;
