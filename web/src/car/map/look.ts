// How the car's map looks by day and by night: the desk's street layers in other colours, with names one can read.
import type { LayerSpecification } from 'maplibre-gl';
import { lineLayers, nameLayers } from '../../lib/map/street_layers';

export type Light = 'day' | 'night';

interface Palette {
  ground: string;
  names: string;
  halo: string;
  route: string;
  routeEdge: string;
  /** By the weight of a street, from lanes to motorways. */
  streets: Record<string, string>;
}

export const PALETTES: Record<Light, Palette> = {
  day: {
    ground: '#eef1f5',
    names: '#28323f',
    halo: '#ffffff',
    route: '#0a4a94',
    routeEdge: '#ffffff',
    streets: { minor: '#c3ccd8', tertiary: '#aebaca', secondary: '#97a6ba', primary: '#8496ae', trunk: '#6f84a1' },
  },
  night: {
    ground: '#05070a',
    names: '#c4b28e',
    halo: '#05070a',
    route: '#8fc0ff',
    routeEdge: '#05070a',
    streets: { minor: '#36434f', tertiary: '#475569', secondary: '#586b84', primary: '#6a7f9c', trunk: '#7d92b2' },
  },
};
const NAME_PX = 20;

export function streetLines(source: string, light: Light): LayerSpecification[] {
  return lineLayers(source).map((layer) => {
    const colour = PALETTES[light].streets[layer.id.replace('street-', '')];
    return { ...layer, paint: { ...layer.paint, 'line-color': colour } } as LayerSpecification;
  });
}

export function streetNames(source: string, light: Light): LayerSpecification[] {
  const { names, halo } = PALETTES[light];
  return nameLayers(source).map(
    (layer) =>
      ({
        ...layer,
        layout: { ...layer.layout, 'text-size': NAME_PX },
        paint: { 'text-color': names, 'text-halo-color': halo, 'text-halo-width': 2.5 },
      }) as LayerSpecification,
  );
}

export function routeLines(source: string, light: Light): LayerSpecification[] {
  const { route, routeEdge } = PALETTES[light];
  const layout = { 'line-join': 'round', 'line-cap': 'round' } as const;
  return [
    { id: 'way-edge', type: 'line', source, layout, paint: { 'line-color': routeEdge, 'line-width': 13 } },
    { id: 'way', type: 'line', source, layout, paint: { 'line-color': route, 'line-width': 8 } },
  ];
}
