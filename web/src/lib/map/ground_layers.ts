// How stations and the own fleet's traffic look.
import { FONT, screenScale } from './page_font';
import type { MarkLayer } from './mark_source';

export function stationLayers(): MarkLayer[] {
  return [
    {
      id: 'precinct',
      type: 'symbol',
      filter: ['==', ['get', 'kind'], 'precinct'],
      maxzoom: 13.5,
      layout: {
        'text-field': ['get', 'label'],
        'text-font': [FONT],
        'text-size': 19 * screenScale(),
        'text-letter-spacing': 0.25,
      },
      paint: { 'text-color': '#b9c9e2', 'text-halo-color': '#0a0f18', 'text-halo-width': 2 },
    },
    {
      id: 'station',
      type: 'symbol',
      filter: ['==', ['get', 'kind'], 'station'],
      layout: {
        'icon-image': 'station',
        'icon-allow-overlap': true,
        'text-field': ['step', ['zoom'], '', 12, ['get', 'label']],
        'text-font': [FONT],
        'text-size': 11.5 * screenScale(),
        'text-anchor': 'top',
        'text-offset': [0, 0.9],
        'text-optional': true,
        'text-line-height': 1.1,
      },
      paint: { 'text-color': '#c8d6ea', 'text-halo-color': '#0a0f18', 'text-halo-width': 1.8 },
    },
  ];
}

/** Beside the middle of the street, on the side that is driven on; the slower, the wider and the denser the dashes. */
export interface JamStep {
  from: number;
  width: number;
  dashes: readonly number[];
}
export const JAM_COLOUR = '#ff9d3c';
export const JAM_STEPS: readonly JamStep[] = [
  { from: 1.01, width: 2.5, dashes: [1, 1.6] },
  { from: 1.5, width: 4, dashes: [2, 0.9] },
  { from: 2.5, width: 6, dashes: [] },
];

export function jamLayers(): MarkLayer[] {
  return JAM_STEPS.map(({ from, width, dashes }, number) => ({
    id: `jam-${number}`,
    type: 'line',
    filter: ['all', ['>=', ['get', 'factor'], from], ['<', ['get', 'factor'], JAM_STEPS[number + 1]?.from ?? 1000]],
    layout: { 'line-join': 'round' },
    paint: {
      'line-color': JAM_COLOUR,
      'line-width': width,
      'line-offset': 4,
      ...(dashes.length ? { 'line-dasharray': [...dashes] } : {}),
    },
  }));
}
