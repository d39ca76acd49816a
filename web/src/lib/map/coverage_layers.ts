// How the areas within 3, 5 and 10 minutes look: told apart by line and label as well as by shade.
import type { ExpressionSpecification } from 'maplibre-gl';
import { FONT, screenScale } from './page_font';
import type { MarkLayer } from './mark_source';

export interface Limit {
  within_s: number;
  /** Dashes and gaps in widths of the line; none: a solid line. */
  dashes: readonly number[];
  width: number;
  cap: 'butt' | 'round';
}

/** The nearer, the heavier. */
export const LIMITS: readonly Limit[] = [
  { within_s: 180, dashes: [], width: 2.6, cap: 'round' },
  { within_s: 300, dashes: [4, 2], width: 2.2, cap: 'butt' },
  { within_s: 600, dashes: [0.2, 2.6], width: 2.6, cap: 'round' },
];
export const COVERAGE_COLOUR = '#5fd3d0';

const isLimit = (limit: Limit): ExpressionSpecification => ['==', ['get', 'within_s'], limit.within_s];

export function coverageLayers(): MarkLayer[] {
  return [
    { id: 'coverage-fill', type: 'fill', paint: { 'fill-color': COVERAGE_COLOUR, 'fill-opacity': 0.07 } },
    ...LIMITS.map(
      (limit): MarkLayer => ({
        id: `coverage-line-${limit.within_s}`,
        type: 'line',
        filter: isLimit(limit),
        layout: { 'line-cap': limit.cap, 'line-join': 'round' },
        paint: {
          'line-color': COVERAGE_COLOUR,
          'line-width': limit.width,
          ...(limit.dashes.length ? { 'line-dasharray': [...limit.dashes] } : {}),
        },
      }),
    ),
  ];
}

/** Labels along the edges; for when the font has their letters. */
export const coverageNames = (): MarkLayer => ({
  id: 'coverage-name',
  type: 'symbol',
  layout: {
    'symbol-placement': 'line',
    'symbol-spacing': 150,
    'text-field': ['get', 'label'],
    'text-font': [FONT],
    'text-size': 13 * screenScale(),
    'text-max-angle': 45,
  },
  paint: { 'text-color': '#d8fffd', 'text-halo-color': '#05090f', 'text-halo-width': 2.2 },
});
