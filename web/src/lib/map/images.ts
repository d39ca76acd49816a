// The marks on the map, drawn once on a canvas: units (unit_images.ts), calls by priority and clock, stations, rings.
import type { Map as MapLibreMap } from 'maplibre-gl';
import type { UnitStatus } from '../api/types';
import type { Stage } from '../time/call_clock';
import { STATUS_SHAPES } from './shapes';
import { drawUnit, UNIT_PX, VEHICLE_TYPES } from './unit_images';

const SHARPNESS = 2;
const OUTLINE = '#05090f';

type Draw = (canvas: CanvasRenderingContext2D) => void;

function picture(size: number, draw: Draw): ImageData {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size * SHARPNESS;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser has no 2D canvas');
  context.scale(SHARPNESS, SHARPNESS);
  draw(context);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

function stroked(context: CanvasRenderingContext2D, path: Path2D, fill: string, line: string, width: number): void {
  context.lineJoin = 'round';
  context.lineWidth = width;
  context.strokeStyle = line;
  context.stroke(path);
  context.fillStyle = fill;
  context.fill(path);
}

const heading: Draw = (context) => {
  stroked(context, new Path2D('M9 2 16 13 9 9.5 2 13z'), '#ffffff', OUTLINE, 2);
};

/** A house with a flag. */
const station: Draw = (context) => {
  stroked(context, new Path2D('M3 19V10l8-6 8 6v9z'), '#3f5a8a', '#dbe9ff', 1.6);
  stroked(context, new Path2D('M9 19v-5h4v5z'), '#dbe9ff', '#dbe9ff', 0.5);
};

/** Its tip is the middle of the picture, so that it points at the very place. */
const tip: Draw = (context) => {
  stroked(context, new Path2D('M15 15 7.5 29 15 25.5 22.5 29z'), '#6cb4ff', OUTLINE, 2);
};

const ring =
  (colour: string, width: number): Draw =>
  (context) => {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.beginPath();
    context.arc(24, 24, 23 - width / 2, 0, 2 * Math.PI);
    context.stroke();
  };

interface Look {
  fill: string;
  ink: string;
  line: string;
  sign: string;
}

const LOOKS: Readonly<Record<Stage, Look>> = {
  running: { fill: '#eaf0f8', ink: '#0a0f18', line: OUTLINE, sign: '' },
  amber: { fill: '#ffb938', ink: '#231500', line: '#ffffff', sign: '!' },
  red: { fill: '#c8141e', ink: '#ffffff', line: '#ffffff', sign: '!!' },
  arrived: { fill: '#12351f', ink: '#7df0b0', line: '#45e08c', sign: '✓' },
  arrived_late: { fill: '#12351f', ink: '#7df0b0', line: '#ff6b6f', sign: '✓' },
  ended: { fill: '#26344a', ink: '#a9b8cd', line: '#6d819f', sign: '' },
};

const call =
  (priority: number, stage: Stage): Draw =>
  (context) => {
    const look = LOOKS[stage];
    const pin = new Path2D('M6 3h24a4 4 0 0 1 4 4v18a4 4 0 0 1-4 4h-7l-5 8-5-8H6a4 4 0 0 1-4-4V7a4 4 0 0 1 4-4z');
    stroked(context, pin, look.fill, look.line, 3);
    context.fillStyle = look.ink;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.font = `800 ${look.sign ? 16 : 19}px "Noto Sans TC Variable", sans-serif`;
    context.fillText(`${priority}${look.sign}`, 18, 17);
  };

/** Adds every mark to the map, drawn `scale` times as large as on a laptop. */
export function addImages(map: MapLibreMap, scale: number): void {
  const add = (name: string, size: number, draw: Draw) =>
    map.addImage(name, picture(size, draw), { pixelRatio: SHARPNESS / scale });
  for (const status of Object.keys(STATUS_SHAPES) as UnitStatus[]) {
    for (const type of VEHICLE_TYPES) {
      add(`unit-${type}-${status}`, UNIT_PX, (context) => drawUnit(context, type, status, false));
      add(`unit-${type}-${status}-outdated`, UNIT_PX, (context) => drawUnit(context, type, status, true));
    }
  }
  for (const stage of Object.keys(LOOKS) as Stage[]) {
    for (const priority of [1, 2, 3, 4]) add(`call-${priority}-${stage}`, 38, call(priority, stage));
  }
  add('heading', 18, heading);
  add('tip', 30, tip);
  add('station', 22, station);
  add('ring-chosen', 48, ring('#ffffff', 3));
  add('ring-sos', 48, ring('#ff3b41', 7));
}
