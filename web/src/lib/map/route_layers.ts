// How routes look: the more urgent, the heavier; told apart by dashes too. Straight lines are dotted: no street is meant.
import type { ExpressionSpecification } from 'maplibre-gl';
import type { MarkLayer } from './mark_source';

const COLOUR = '#dbe9ff';
const CHOSEN = '#6cb4ff';
const colour: ExpressionSpecification = ['case', ['get', 'chosen'], CHOSEN, COLOUR];

interface Stroke {
  priorities: readonly number[];
  width: number;
  dashes?: readonly number[];
}

const STROKES: readonly Stroke[] = [
  { priorities: [4], width: 2.2, dashes: [1.5, 1.8] },
  { priorities: [3], width: 2.6, dashes: [4, 1.6] },
  { priorities: [2], width: 3.2 },
  { priorities: [1], width: 5 },
];

export function routeLayers(): MarkLayer[] {
  const width: ExpressionSpecification = ['match', ['get', 'priority'], 1, 5, 2, 3.2, 3, 2.6, 2.2];
  return [
    {
      id: 'route-edge',
      type: 'line',
      filter: ['get', 'street'],
      layout: { 'line-join': 'round' },
      paint: { 'line-color': '#05090f', 'line-width': ['+', width, 4], 'line-opacity': 0.75 },
    },
    {
      id: 'route-straight',
      type: 'line',
      filter: ['!', ['get', 'street']],
      layout: { 'line-cap': 'round' },
      paint: { 'line-color': colour, 'line-width': 2, 'line-opacity': 0.8, 'line-dasharray': [0.5, 2.2] },
    },
    ...STROKES.map(
      ({ priorities, width: px, dashes }): MarkLayer => ({
        id: `route-${priorities.join('-')}`,
        type: 'line',
        filter: ['all', ['get', 'street'], ['in', ['get', 'priority'], ['literal', [...priorities]]]],
        layout: { 'line-join': 'round', 'line-cap': dashes ? 'butt' : 'round' },
        paint: {
          'line-color': colour,
          'line-width': ['case', ['get', 'chosen'], px + 1.5, px],
          ...(dashes ? { 'line-dasharray': [...dashes] } : {}),
        },
      }),
    ),
  ];
}
