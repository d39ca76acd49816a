// The map of hexagons as a PNG: as it is shown, with its title, what it is of, its legend and whose map it is.
import type { Map as MapLibreMap } from 'maplibre-gl';
import { loadLetters, missingLetters } from '../../map/glyphs';
import { saveFile } from '../../recordings/save_file';
import { PAPER } from './look';

export interface MapPicture {
  title: string;
  of: string;
  legend: readonly { colour: string; name: string }[];
  /** Stands below: what is hatched, and whose streets these are. */
  notes: readonly string[];
  file: string;
}

const MARGIN = 14;
const TITLE = 20;
const LINE = 20;
const SWATCH = 22;
const GAP = 4;

/** Lines of `text` no wider than `width`; Chinese breaks anywhere. */
function linesOf(brush: CanvasRenderingContext2D, text: string, width: number): string[] {
  const lines = [''];
  for (const piece of text.match(/[\p{L}\p{N}.,:%–-]+\s*|./gu) ?? []) {
    for (const part of brush.measureText(piece).width > width || /\p{Script=Han}/u.test(piece) ? [...piece] : [piece]) {
      const so_far = lines.at(-1) ?? '';
      if (brush.measureText(so_far + part).width <= width) lines[lines.length - 1] = so_far + part;
      else lines.push(part);
    }
  }
  return lines;
}

/** Where each of a row of things stands, by how wide they are: what finds no room begins the next line. */
function placesOf(widths: readonly number[], room: number): { x: number; line: number }[] {
  let [x, line] = [0, 0];
  return widths.map((width) => {
    if (x > 0 && x + width > room) [x, line] = [0, line + 1];
    const place = { x, line };
    x += width + MARGIN;
    return place;
  });
}

/** A map keeps no picture after it is shown: it is drawn once more, and taken when all of it is there. */
const drawn = (map: MapLibreMap) =>
  new Promise<HTMLCanvasElement>((done) => {
    map.once('idle', () => {
      const shown = map.getCanvas();
      const copy = Object.assign(document.createElement('canvas'), { width: shown.width, height: shown.height });
      copy.getContext('2d')?.drawImage(shown, 0, 0);
      done(copy);
    });
    map.triggerRepaint();
  });

export async function saveMapPicture(map: MapLibreMap, { title, of, legend, notes, file }: MapPicture): Promise<void> {
  await loadLetters(missingLetters([title, of, ...legend.map(({ name }) => name), ...notes]));
  const shown = await drawn(map);
  const ratio = shown.width / map.getContainer().clientWidth;
  const width = map.getContainer().clientWidth;
  const canvas = document.createElement('canvas');
  const brush = canvas.getContext('2d');
  if (!brush) return;
  const letters = `${PAPER.size}px ${PAPER.font}`;
  const titleLetters = `600 16px ${PAPER.font}`;
  const room = width - 2 * MARGIN;
  brush.font = titleLetters;
  const heading = linesOf(brush, title, room);
  brush.font = letters;
  const above = linesOf(brush, of, room);
  const below = notes.flatMap((note) => linesOf(brush, note, room));
  const places = placesOf(legend.map(({ name }) => SWATCH + GAP + brush.measureText(name).width), room);
  const belowTitle = MARGIN + TITLE * heading.length;
  const legendTop = belowTitle + LINE * above.length + MARGIN / 2;
  const top = legendTop + LINE * (1 + (places.at(-1)?.line ?? 0)) + MARGIN / 2;
  canvas.width = shown.width;
  canvas.height = Math.ceil((top + shown.height / ratio + LINE * below.length + MARGIN) * ratio);
  brush.scale(ratio, ratio);
  brush.fillStyle = PAPER.ground;
  brush.fillRect(0, 0, width, canvas.height / ratio);
  brush.fillStyle = PAPER.text;
  brush.textBaseline = 'top';
  brush.font = titleLetters;
  heading.forEach((line, number) => brush.fillText(line, MARGIN, MARGIN + TITLE * number));
  brush.font = letters;
  above.forEach((line, number) => brush.fillText(line, MARGIN, belowTitle + LINE * number + 4));
  for (const [number, { colour, name }] of legend.entries()) {
    const place = places[number] ?? { x: 0, line: 0 };
    const [x, y] = [MARGIN + place.x, legendTop + LINE * place.line];
    brush.fillStyle = colour;
    brush.fillRect(x, y, SWATCH, PAPER.size);
    brush.strokeRect(x, y, SWATCH, PAPER.size);
    brush.fillStyle = PAPER.text;
    brush.fillText(name, x + SWATCH + GAP, y);
  }
  brush.drawImage(shown, 0, top, width, shown.height / ratio);
  below.forEach((line, number) => brush.fillText(line, MARGIN, top + shown.height / ratio + LINE * number + 6));
  const content = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
  if (content) saveFile(`${file}.png`, content);
}
