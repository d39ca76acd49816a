// A share beside its target. Pure.
import type { Row } from './requests';

export type Verdict = 'reached' | 'missed' | 'open' | 'none';

/** Reached or missed where the whole interval says so; `open` where chance alone may explain the difference. */
export function verdictOf({ share_low, share_high }: Pick<Row, 'share_low' | 'share_high'>, target: number | null): Verdict {
  if (target === null || share_low === null || share_high === null) return 'none';
  if (share_low >= target) return 'reached';
  return share_high < target ? 'missed' : 'open';
}
