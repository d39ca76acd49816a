// Hexagons of the map: how often, or how long, from where calls came. Pure, but for the words.
import { t } from '../../text/language.svelte';
import { duration, span, wholePercent } from '../../time/format';
import { ledgerOf, narrowed, type Asked, type Measure } from '../asked';
import type { Report, Row } from '../requests';
import type { Table } from '../table';
import { FEW } from './look';
import { tableOf } from './share_bars';

/** Classes from good to bad: the least share, or the longest p90 in seconds, and its colour on the dark map. */
export const CLASSES = [
  { share: 0.95, p90_s: 420, colour: '#2f6fb3' },
  { share: 0.9, p90_s: 600, colour: '#3f9aa5' },
  { share: 0.8, p90_s: 780, colour: '#b9c46a' },
  { share: 0.6, p90_s: 960, colour: '#ffb938' },
  { share: -1, p90_s: Infinity, colour: '#ff6b4a' },
] as const;

/** Stands for a p90 that is above any time: it falls on incidents that nobody reached. */
export const BEYOND = '>';

export interface Hexagon {
  group: string;
  class: number;
  few: boolean;
  label: string;
}
export type Hexagons = GeoJSON.FeatureCollection<GeoJSON.Polygon, Hexagon>;

export function classOf(row: Pick<Row, 'share' | 'p90_s'>, measure: Measure): number {
  const found = CLASSES.findIndex(({ share, p90_s }) => (measure === 'share' ? (row.share ?? 0) >= share : (row.p90_s ?? Infinity) <= p90_s));
  return found < 0 ? CLASSES.length - 1 : found;
}

export function className(number: number, measure: Measure): string {
  const [one, better] = [CLASSES[number], CLASSES[number - 1]];
  if (!one) return '';
  if (measure === 'share') {
    if (one.share < 0) return `< ${Math.round((better?.share ?? 0) * 100)} %`;
    return `≥ ${Math.round(one.share * 100)} %`;
  }
  return Number.isFinite(one.p90_s) ? `≤ ${span(one.p90_s)}` : `> ${span(better?.p90_s ?? 0)}`;
}

/** What was measured somewhere; the others have nothing to show. */
export function hexagonsOf(report: Report, measure: Measure): Hexagons {
  return {
    type: 'FeatureCollection',
    features: report.items.flatMap((row) => {
      if (!row.cell || !row.measured) return [];
      // Never rounded into another class than that of the colour.
      const value = measure === 'share' ? `${wholePercent(row.share ?? 0)} %` : row.p90_s === null ? BEYOND : duration(row.p90_s);
      return [
        {
          type: 'Feature' as const,
          geometry: { type: 'Polygon' as const, coordinates: [row.cell.boundary.map(([lon, lat]) => [lon, lat])] },
          properties: { group: row.group, class: classOf(row, measure), few: row.measured < FEW, label: `${value}\nn ${row.measured}` },
        },
      ];
    }),
  };
}

const slowness = ({ p90_s, measured }: Row) => (measured ? (p90_s ?? Infinity) : -1);

/** The slowest first; each opens its incidents. */
export function hexagonTable(report: Report, asked: Asked): Table {
  const rows = [...report.items].sort((a, b) => slowness(b) - slowness(a));
  const table = tableOf('cell', rows, asked);
  return {
    ...table,
    heads: [...table.heads, t('figures_middle')],
    rows: table.rows.map((row, place) => {
      const { cell } = rows[place] as Row;
      const middle = cell ? `${cell.lat.toFixed(4)}, ${cell.lon.toFixed(4)}` : null;
      const head = { ...row.head, opens: cell ? (row.head.opens ?? null) : null };
      return { ...row, head, cells: [...row.cells, { value: middle, shown: middle ?? '–' }] };
    }),
  };
}

/** Only what was measured is on the map. */
export const openHexagon = (asked: Asked, group: string) => ledgerOf(narrowed(asked, 'cell', group), { outcome: 'measured' });
