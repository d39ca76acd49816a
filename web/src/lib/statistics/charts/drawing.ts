// What a chart is made of: how it is drawn, what each mark says, and which incidents stand behind it.
import type { EChartsCoreOption } from 'echarts/core';
import { t } from '../../text/language.svelte';
import type { Asked } from '../asked';
import type { Table } from '../table';
import type { Look } from './look';

export interface Mark {
  /** Read aloud, and shown where the pointer is; one line each. */
  lines: readonly string[];
  /** The incidents that it counts; null where there are none to open. */
  opens: Asked | null;
}

export interface Drawing {
  title: string;
  /** What is seen, in a sentence, for those who don't see it. */
  summary: string;
  /** Said where there is no mark to draw; else that there are no incidents. */
  nothing?: string;
  /** How its figures are to be read. */
  note?: string;
  /** What it is of, for a picture that stands alone: period, clock, filters. */
  of: string;
  /** Name of the files. */
  file: string;
  /** In letters' heights. */
  height_rem: number;
  /** Where the first series' marks lie: along the x axis, the y axis, or one by one. */
  along: 'x' | 'y' | 'each';
  /** So many marks stand in a row, where they fill a grid. */
  columns?: number;
  /** One for each datum of the first series, in its order. */
  marks: readonly Mark[];
  option: (look: Look) => EChartsCoreOption;
  table: Table;
  /** What the file holds where the table is laid out for the eye: a line for each mark. */
  records?: Table;
}

const animation = { animation: false };

/** What all charts share; the title stands in files, where no heading is. */
export function base(look: Look, grid: Record<string, unknown> = {}): EChartsCoreOption {
  return {
    ...animation,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: look.font, fontSize: look.size, color: look.text },
    // Names stand on the page itself; of aria the patterns are taken.
    aria: { enabled: true, label: { enabled: false }, decal: { show: false } },
    grid: { left: 8, right: 24, top: 28, bottom: 8, containLabel: true, ...grid },
  };
}

export const axisLook = (look: Look) => ({
  axisLine: { lineStyle: { color: look.line } },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: look.line, opacity: 0.5 } },
  axisLabel: { color: look.quiet, fontSize: look.size, fontFamily: look.font },
  nameTextStyle: { color: look.quiet, fontSize: look.size, fontFamily: look.font },
});

/** A line across the chart with its name. */
export const lineAt = (look: Look, axis: 'xAxis' | 'yAxis', at: number, name: string, colour = look.amber, position = axis === 'yAxis' ? 'insideEndTop' : 'end') => ({
  [axis]: at,
  lineStyle: { color: colour, type: 'dashed', width: 2 },
  label: {
    formatter: name,
    color: colour,
    fontSize: look.size,
    position,
    textBorderColor: look.panel,
    textBorderWidth: 3,
  },
});

/** The targets of several years, each beside its own months; none where none is set. */
export const targetSteps = (rows: readonly { target_share?: number | null }[], look: Look) =>
  rows.some(({ target_share }) => target_share != null)
    ? [
        {
          type: 'line',
          name: t('figures_target_year'),
          step: 'middle',
          silent: true,
          symbol: 'none',
          z: 3,
          data: rows.map(({ target_share }) => target_share ?? '-'),
          lineStyle: { color: look.amber, width: 2, type: 'dashed' },
          itemStyle: { color: look.amber },
        },
      ]
    : [];

interface Api {
  value: (dimension: number) => number;
  coord: (at: readonly number[]) => number[];
}

/** Intervals as whiskers: [place, low, high] of each; over bars or dots. */
export function whiskers(look: Look, bounds: readonly (readonly [number, number, number])[], upright: boolean) {
  const END = 4;
  return {
    type: 'custom',
    silent: true,
    z: 5,
    data: bounds,
    encode: upright ? { x: 0, y: [1, 2] } : { x: [1, 2], y: 0 },
    renderItem: (_: unknown, api: Api) => {
      const at = api.value(0);
      const ends = [1, 2].map((dimension) => api.coord(upright ? [at, api.value(dimension)] : [api.value(dimension), at]));
      const [[x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = ends;
      const style = { stroke: look.text, lineWidth: 1.5 };
      const line = (a: number, b: number, c: number, d: number) => ({ type: 'line', shape: { x1: a, y1: b, x2: c, y2: d }, style });
      const cap = (x: number, y: number) => (upright ? line(x - END, y, x + END, y) : line(x, y - END, x, y + END));
      return { type: 'group', children: [line(x1, y1, x2, y2), cap(x1, y1), cap(x2, y2)] };
    },
  };
}
