// How arrows to posts look: dashed while it is a question, solid once the unit was told.
import { FONT, screenScale } from '../map/create_map';
import type { MarkLayer } from '../map/mark_source';

const COLOUR = '#6cb4ff';

export function arrowLayers(): MarkLayer[] {
  return [
    {
      id: 'post-line-asked',
      type: 'line',
      filter: ['all', ['==', ['get', 'part'], 'line'], ['get', 'asked']],
      paint: { 'line-color': COLOUR, 'line-width': 2.2, 'line-dasharray': [2.5, 2] },
    },
    {
      id: 'post-line',
      type: 'line',
      filter: ['all', ['==', ['get', 'part'], 'line'], ['!', ['get', 'asked']]],
      paint: { 'line-color': COLOUR, 'line-width': 2.2 },
    },
    {
      id: 'post-tip',
      type: 'symbol',
      filter: ['==', ['get', 'part'], 'tip'],
      layout: {
        'icon-image': 'tip',
        'icon-rotate': ['get', 'course_deg'],
        'icon-rotation-alignment': 'map',
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
        'text-field': ['get', 'label'],
        'text-font': [FONT],
        'text-size': 12.5 * screenScale(),
        'text-variable-anchor': ['top', 'bottom', 'left', 'right'],
        'text-radial-offset': 1,
        'text-optional': true,
      },
      paint: { 'text-color': '#cfe6ff', 'text-halo-color': '#05090f', 'text-halo-width': 2 },
    },
  ];
}
