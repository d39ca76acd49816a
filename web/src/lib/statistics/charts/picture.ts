// A chart as a file: black on white with its title, as PNG or as SVG.
import { saveFile } from '../../recordings/save_file';
import type { Drawing } from './drawing';
import { lettersFor } from './letters';
import { PAPER } from './look';

const WIDTH_PX = 1000;
const TITLE_PX = 44;
const LINE_PX = 18;
const MARGIN_PX = 20;
/** A Chinese letter as wide as it is high; Latin ones are narrower. */
const LETTER_PX = 12;
const REM_PX = 16;
export type Format = 'png' | 'svg';

const belowTitle = ({ of, note }: Drawing) => (note ? `${of} · ${note}` : of);
const roomOf = (drawing: Drawing) => TITLE_PX + LINE_PX * Math.ceil((belowTitle(drawing).length * LETTER_PX) / (WIDTH_PX - 2 * MARGIN_PX));

function optionOf(drawing: Drawing) {
  const option = drawing.option(PAPER) as { grid?: { top?: number }; legend?: { top?: number } };
  const room = roomOf(drawing);
  const letters = { fontFamily: PAPER.font, color: PAPER.text };
  return {
    ...option,
    backgroundColor: PAPER.ground,
    title: {
      text: drawing.title,
      subtext: belowTitle(drawing),
      left: 'center',
      top: 10,
      itemGap: 4,
      textStyle: { ...letters, fontSize: 16 },
      subtextStyle: { ...letters, fontSize: LETTER_PX, lineHeight: LINE_PX, width: WIDTH_PX - 2 * MARGIN_PX, overflow: 'break' },
    },
    grid: { ...option.grid, top: (option.grid?.top ?? 0) + room },
    ...(option.legend ? { legend: { ...option.legend, top: room - 6 } } : {}),
  };
}

export async function savePicture(drawing: Drawing, format: Format): Promise<void> {
  const { init } = await import('./library');
  const option = optionOf(drawing);
  await lettersFor(option, drawing);
  const height = drawing.height_rem * REM_PX + roomOf(drawing);
  if (format === 'svg') {
    const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH_PX, height });
    chart.setOption(option);
    saveFile(`${drawing.file}.svg`, new Blob([chart.renderToSVGString()], { type: 'image/svg+xml' }));
    chart.dispose();
    return;
  }
  const chart = init(document.createElement('div'), null, { renderer: 'canvas', width: WIDTH_PX, height, devicePixelRatio: 2 });
  chart.setOption(option);
  const canvas = chart.renderToCanvas({ backgroundColor: PAPER.ground, pixelRatio: 2 });
  const content = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
  chart.dispose();
  if (content) saveFile(`${drawing.file}.png`, content);
}
