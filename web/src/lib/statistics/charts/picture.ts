// A chart as a file: black on white with its title, as PNG or as SVG.
import { saveFile } from '../../recordings/save_file';
import type { Drawing } from './drawing';
import { PAPER } from './look';

const WIDTH_PX = 1000;
const ROOM_PX = 44;
const REM_PX = 16;
export type Format = 'png' | 'svg';

function optionOf(drawing: Drawing) {
  const option = drawing.option(PAPER) as { grid?: { top?: number }; legend?: { top?: number } };
  return {
    ...option,
    backgroundColor: PAPER.ground,
    title: { text: drawing.title, left: 'center', top: 10, textStyle: { fontFamily: PAPER.font, fontSize: 16, color: PAPER.text } },
    grid: { ...option.grid, top: (option.grid?.top ?? 0) + ROOM_PX },
    ...(option.legend ? { legend: { ...option.legend, top: ROOM_PX - 6 } } : {}),
  };
}

export async function savePicture(drawing: Drawing, format: Format): Promise<void> {
  const { init } = await import('./library');
  const height = drawing.height_rem * REM_PX + ROOM_PX;
  if (format === 'svg') {
    const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH_PX, height });
    chart.setOption(optionOf(drawing));
    saveFile(`${drawing.file}.svg`, new Blob([chart.renderToSVGString()], { type: 'image/svg+xml' }));
    chart.dispose();
    return;
  }
  const chart = init(document.createElement('div'), null, { renderer: 'canvas', width: WIDTH_PX, height, devicePixelRatio: 2 });
  chart.setOption(optionOf(drawing));
  const canvas = chart.renderToCanvas({ backgroundColor: PAPER.ground, pixelRatio: 2 });
  const content = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
  chart.dispose();
  if (content) saveFile(`${drawing.file}.png`, content);
}
