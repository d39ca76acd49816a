// How units, calls and alarms look: icon, label beside it, ring round the chosen one.
import type { ExpressionSpecification, SymbolLayerSpecification } from 'maplibre-gl';
import { FONT, screenScale } from './page_font';
import type { MarkLayer } from './mark_source';

type Layout = NonNullable<SymbolLayerSpecification['layout']>;

const always: Layout = { 'icon-allow-overlap': true, 'icon-ignore-placement': true };
const label = (size: number): Layout => ({
  'text-field': ['get', 'label'],
  'text-font': [FONT],
  'text-size': size * screenScale(),
  'text-variable-anchor': ['left', 'right', 'top', 'bottom'],
  'text-radial-offset': 1.9,
  'text-justify': 'auto',
  'text-line-height': 1.15,
  'text-optional': true,
});
const legible = { 'text-color': '#ffffff', 'text-halo-color': '#05090f', 'text-halo-width': 2 } as const;

export function unitLayers(): MarkLayer[] {
  return [
    {
      id: 'unit-ring',
      type: 'symbol',
      filter: ['get', 'chosen'],
      layout: { ...always, 'icon-image': 'ring-chosen' },
    },
    {
      id: 'unit-heading',
      type: 'symbol',
      filter: ['get', 'moving'],
      layout: {
        ...always,
        'icon-image': 'heading',
        'icon-offset': [0, -18 * screenScale()],
        'icon-rotate': ['get', 'course_deg'],
        'icon-rotation-alignment': 'map',
      },
    },
    {
      id: 'unit',
      type: 'symbol',
      layout: {
        ...always,
        ...label(12.5),
        'text-variable-anchor': ['left', 'right'],
        'symbol-sort-key': ['case', ['get', 'matters'], 0, 1],
        'icon-image': ['get', 'icon'],
      },
      paint: { ...legible, 'icon-opacity': ['get', 'opacity'], 'text-opacity': ['max', 0.75, ['get', 'opacity']] },
    },
  ];
}

/** Names of units that are idle and well come from this zoom on: of hundreds over a whole city none could be read. */
export const namesFrom = (units: number) => (units <= 60 ? 0 : units <= 200 ? 12 : 13);

export const unitNames = (zoom: number): ExpressionSpecification =>
  zoom === 0
    ? ['get', 'label']
    : ['step', ['zoom'], ['case', ['get', 'matters'], ['get', 'label'], ''], zoom, ['get', 'label']];

export function callLayers(): MarkLayer[] {
  return [
    {
      id: 'call-ring',
      type: 'symbol',
      filter: ['get', 'chosen'],
      layout: { ...always, 'icon-image': 'ring-chosen', 'icon-offset': [0, -17], 'icon-size': 1.15 },
    },
    {
      id: 'call',
      type: 'symbol',
      layout: {
        ...always,
        ...label(13),
        'text-radial-offset': 1.7,
        'icon-image': ['get', 'icon'],
        'icon-anchor': 'bottom',
        'symbol-sort-key': ['-', 0, ['get', 'priority']],
      },
      paint: legible,
    },
  ];
}

export function alarmLayers(): MarkLayer[] {
  return [
    {
      id: 'alarm',
      type: 'symbol',
      layout: {
        ...always,
        'icon-image': 'ring-sos',
        'icon-size': 1.3,
        'text-field': ['get', 'label'],
        'text-font': [FONT],
        'text-size': 18 * screenScale(),
        'text-offset': [0, -2.2],
        'text-allow-overlap': true,
      },
      paint: { 'text-color': '#ffffff', 'text-halo-color': '#b3131b', 'text-halo-width': 3 },
    },
  ];
}
