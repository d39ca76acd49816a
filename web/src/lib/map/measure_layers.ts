// How a measured line looks.
import { FONT, screenScale } from './page_font';
import type { MarkLayer } from './mark_source';

const COLOUR = '#ffe27a';

export function measureLayers(): MarkLayer[] {
  return [
    { id: 'measure-edge', type: 'line', paint: { 'line-color': '#05090f', 'line-width': 6, 'line-opacity': 0.8 } },
    { id: 'measure-line', type: 'line', paint: { 'line-color': COLOUR, 'line-width': 3 } },
    {
      id: 'measure-point',
      type: 'circle',
      filter: ['==', ['geometry-type'], 'Point'],
      paint: { 'circle-radius': 5, 'circle-color': '#05090f', 'circle-stroke-color': COLOUR, 'circle-stroke-width': 3 },
    },
    {
      id: 'measure-label',
      type: 'symbol',
      filter: ['==', ['geometry-type'], 'Point'],
      layout: {
        'text-field': ['get', 'label'],
        'text-font': [FONT],
        'text-size': 14 * screenScale(),
        'text-anchor': 'bottom-left',
        'text-offset': [0.6, -0.4],
        'text-allow-overlap': true,
      },
      paint: { 'text-color': '#ffffff', 'text-halo-color': '#05090f', 'text-halo-width': 2.2 },
    },
  ];
}
