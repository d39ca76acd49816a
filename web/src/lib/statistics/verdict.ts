// A share beside its target. Pure.
import type { Asked } from './asked';
import type { Report, Row } from './requests';

export type Verdict = 'reached' | 'missed' | 'open' | 'none';

/** The bureau's target is of responses from receipt; by the other clock there is none. */
export const targetOf = ({ clock, target_share }: Pick<Report, 'clock' | 'target_share'>) => (clock === 'received' ? target_share : null);

/** The rows of a report, each with the target that it stands beside: of days and months that of their own year. */
export const judged = (report: Pick<Report, 'clock' | 'target_share' | 'items'>): Row[] =>
  report.items.map((row) => ({ ...row, target_share: targetOf({ clock: report.clock, target_share: row.target_share ?? report.target_share }) }));

/** The one target of all of these; null where there is none, or several. */
export function onlyTarget(rows: readonly { target_share?: number | null }[]): number | null {
  const all = new Set(rows.map(({ target_share }) => target_share ?? null));
  return all.size === 1 ? ([...all][0] ?? null) : null;
}

/** Is what is asked for what the target was set for: all of the bureau's incidents, from receipt? */
export const isBureaus = ({ clock, filters }: Pick<Asked, 'clock' | 'filters'>) => clock === 'received' && Object.keys(filters).length === 0;

/** Reached or missed where the whole interval says so; `open` where chance alone may explain the difference. */
export function verdictOf({ share_low, share_high }: Pick<Row, 'share_low' | 'share_high'>, target: number | null): Verdict {
  if (target === null || share_low === null || share_high === null) return 'none';
  if (share_low >= target) return 'reached';
  return share_high < target ? 'missed' : 'open';
}
