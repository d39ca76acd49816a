// The pictures of units: the shape of the status, a badge for what is no car, hatching where the place is outdated.
import type { Unit, UnitStatus } from '../api/types';
import { BOX, STATUS_SHAPES } from './shapes';

export type VehicleType = NonNullable<Unit['vehicle_type']>;
export const VEHICLE_TYPES: readonly VehicleType[] = ['car', 'motorcycle', 'other'];
/** The picture's side: the shape is drawn larger than in text, and the badge stands out at its corner. */
export const UNIT_PX = 32;
const SCALE = 1.15;
const DARK = '#05090f';
const LIGHT = '#ffffff';

/** Draws into UNIT_PX × UNIT_PX; the shape's middle is the picture's. */
export function drawUnit(context: CanvasRenderingContext2D, type: VehicleType, status: UnitStatus, outdated: boolean): void {
  const shape = STATUS_SHAPES[status];
  const path = new Path2D(shape.path);
  context.save();
  context.translate(UNIT_PX / 2, UNIT_PX / 2);
  context.scale(SCALE, SCALE);
  context.translate(-BOX / 2, -BOX / 2);
  context.lineJoin = 'round';
  context.lineWidth = 3;
  context.strokeStyle = outdated ? LIGHT : DARK;
  context.stroke(path);
  context.fillStyle = outdated ? DARK : shape.colour;
  context.fill(path);
  if (outdated) hatch(context, path, shape.colour);
  context.restore();
  if (type !== 'car') badge(context, type);
}

function hatch(context: CanvasRenderingContext2D, path: Path2D, colour: string): void {
  context.clip(path);
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.beginPath();
  for (let x = -BOX; x <= BOX; x += 4.5) {
    context.moveTo(x, BOX);
    context.lineTo(x + BOX, 0);
  }
  context.stroke();
}

/** At the lower right: two wheels for a motorcycle, three dots for whatever else. */
function badge(context: CanvasRenderingContext2D, type: VehicleType): void {
  context.save();
  context.translate(UNIT_PX - 8, UNIT_PX - 7);
  context.beginPath();
  context.roundRect(-8, -6, 16, 12, 5);
  context.fillStyle = LIGHT;
  context.fill();
  context.lineWidth = 1.2;
  context.strokeStyle = DARK;
  context.stroke();
  context.fillStyle = DARK;
  context.lineWidth = 1.7;
  context.beginPath();
  if (type === 'motorcycle') {
    for (const x of [-3.9, 3.9]) {
      context.moveTo(x + 2.3, 1.2);
      context.arc(x, 1.2, 2.3, 0, 2 * Math.PI);
    }
    context.moveTo(-3.9, 1.2);
    context.lineTo(-1, -2.2);
    context.lineTo(2.2, -2.2);
    context.lineTo(3.9, 1.2);
    context.stroke();
  } else {
    for (const x of [-4, 0, 4]) {
      context.moveTo(x + 1.5, 0);
      context.arc(x, 0, 1.5, 0, 2 * Math.PI);
    }
    context.fill();
  }
  context.restore();
}
