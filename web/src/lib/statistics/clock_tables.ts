// Both clocks and the parts of a response as tables: what the head of the page shows, and their files.
import { t } from '../text/language.svelte';
import { ledgerOf, PARTS, type Asked } from './asked';
import type { Parts, Row } from './requests';
import { cell, inSeconds, type Cell, type Table } from './table';
import { countCell, interval, p90Cell, shareCell, timeCell } from './words';

const NOTHING = cell(null);

/** A line for each figure, a column for each clock. */
export function clocksTable(asked: Asked, received: Row | null, dispatched: Row | null): Table {
  const line = (name: string, of: (row: Row, clock: Asked['clock']) => Cell) => ({
    key: name,
    head: cell(name),
    cells: [received ? of(received, 'received') : NOTHING, dispatched ? of(dispatched, 'dispatched') : NOTHING],
  });
  const times = (name: string, of: (row: Row) => Cell) => ({ ...line(name, of), head: { value: inSeconds(name), shown: name } });
  return {
    heads: [t('figures_clocks'), t('figures_from_received'), t('figures_from_dispatched')],
    rows: [
      line(t('kpi_share'), ({ share }) => ({ ...shareCell(share), strong: true })),
      line(t('kpi_interval'), ({ share_low, share_high }) => cell(share_low === null ? null : interval(share_low, share_high))),
      line('n', ({ measured }, clock) => countCell(measured, ledgerOf({ ...asked, clock }, { outcome: 'measured' }))),
      line(t('outcome_within'), ({ within_target }, clock) => countCell(within_target, ledgerOf({ ...asked, clock }, { outcome: 'within' }))),
      times(t('figures_p50'), ({ p50_s }) => timeCell(p50_s)),
      times(t('figures_p90'), p90Cell),
    ],
  };
}

export function partsTable(asked: Asked, parts: Parts): Table {
  return {
    heads: [t('figures_parts'), 'p50', 'p90', t('kpi_mean'), 'n'],
    seconds: ['p50', 'p90', t('kpi_mean')],
    rows: PARTS.map((part) => {
      const { p50_s, p90_s, mean_s, n } = parts[part];
      return { key: part, head: cell(t(`part_${part}`)), cells: [...[p50_s, p90_s, mean_s].map(timeCell), countCell(n, ledgerOf(asked, { part }))] };
    }),
  };
}

