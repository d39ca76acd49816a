// A status by shape and by colour, so that neither alone has to be told apart. Paths in a box of 20 × 20.
import type { UnitStatus } from '../api/types';

export const BOX = 20;

export interface Shape {
  readonly path: string;
  readonly colour: string;
}

export const STATUS_SHAPES: Readonly<Record<UnitStatus, Shape>> = {
  AVAILABLE: { path: 'M10 2.5a7.5 7.5 0 1 1 0 15a7.5 7.5 0 1 1 0-15z', colour: '#45e08c' },
  DISPATCHED: { path: 'M10 1 19 10 10 19 1 10z', colour: '#ffb938' },
  EN_ROUTE: { path: 'M10 1.5 19 17.5H1z', colour: '#6cb4ff' },
  ON_SCENE: { path: 'M2.5 2.5h15v15h-15z', colour: '#cfa0ff' },
  OUT_OF_SERVICE: { path: 'M5 2l5 5 5-5 3 3-5 5 5 5-3 3-5-5-5 5-3-3 5-5-5-5z', colour: '#93a2b7' },
};
