// How streets look: four weights by class, from lanes to motorways, and their names along them.
import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl';
import { FONT, screenScale } from './create_map';

interface Weight {
  id: string;
  classes: readonly string[];
  colour: string;
  /** Width in px at zoom 11, 14 and 18. */
  widths: readonly [number, number, number];
  /** Zoom from which lines, and from which names, are drawn. */
  lines: number;
  names: number;
}

const withLinks = (...classes: string[]) => classes.flatMap((name) => [name, `${name}_link`]);

const MAJOR: readonly Weight[] = [
  { id: 'tertiary', classes: withLinks('tertiary'), colour: '#3b5379', widths: [0.6, 2, 9], lines: 11, names: 14.2 },
  { id: 'secondary', classes: withLinks('secondary'), colour: '#4a6694', widths: [1, 2.8, 12], lines: 8, names: 13 },
  { id: 'primary', classes: withLinks('primary'), colour: '#5677a8', widths: [1.4, 3.6, 15], lines: 5, names: 12 },
  { id: 'trunk', classes: withLinks('motorway', 'trunk'), colour: '#7390bf', widths: [1.8, 4.4, 17], lines: 4, names: 12 },
];
const MINOR: Weight = { id: 'minor', classes: [], colour: '#2f4261', widths: [0.5, 1.4, 7], lines: 12, names: 15.3 };

function filterOf(weight: Weight): ExpressionSpecification {
  const major = MAJOR.flatMap(({ classes }) => classes);
  const known: ExpressionSpecification = ['in', ['get', 'class'], ['literal', weight === MINOR ? major : [...weight.classes]]];
  return weight === MINOR ? ['!', known] : known;
}

const WEIGHTS = [MINOR, ...MAJOR];

export function lineLayers(source: string): LayerSpecification[] {
  return WEIGHTS.map((weight) => ({
    id: `street-${weight.id}`,
    type: 'line',
    source,
    minzoom: weight.lines,
    filter: filterOf(weight),
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: {
      'line-color': weight.colour,
      'line-width': ['interpolate', ['exponential', 1.5], ['zoom'], 11, weight.widths[0], 14, weight.widths[1], 18, weight.widths[2]],
    },
  }));
}

export function nameLayers(source: string): LayerSpecification[] {
  return WEIGHTS.map((weight) => ({
    id: `street-name-${weight.id}`,
    type: 'symbol',
    source,
    minzoom: weight.names,
    filter: ['all', filterOf(weight), ['!=', ['coalesce', ['get', 'name'], ''], '']],
    layout: {
      'symbol-placement': 'line',
      'symbol-spacing': 320,
      'text-field': ['get', 'name'],
      'text-font': [FONT],
      'text-size': 12 * screenScale(),
      'text-max-angle': 35,
    },
    paint: { 'text-color': '#a9bbd6', 'text-halo-color': '#0a0f18', 'text-halo-width': 1.6 },
  }));
}
