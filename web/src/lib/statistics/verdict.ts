// A share beside its target. Pure.
import type { Asked } from './asked';
import type { Report, Row } from './requests';

export type Verdict = 'reached' | 'missed' | 'open' | 'none';

/** The bureau's target is of responses from receipt; by the other clock there is none. */
export const targetOf = ({ clock, target_share }: Pick<Report, 'clock' | 'target_share'>) => (clock === 'received' ? target_share : null);

/** Is what is asked for what the target was set for: all of the bureau's incidents, from receipt? */
export const isBureaus = ({ clock, filters }: Pick<Asked, 'clock' | 'filters'>) => clock === 'received' && Object.keys(filters).length === 0;

/** Reached or missed where the whole interval says so; `open` where chance alone may explain the difference. */
export function verdictOf({ share_low, share_high }: Pick<Row, 'share_low' | 'share_high'>, target: number | null): Verdict {
  if (target === null || share_low === null || share_high === null) return 'none';
  if (share_low >= target) return 'reached';
  return share_high < target ? 'missed' : 'open';
}
