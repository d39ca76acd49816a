// The colours and letters of charts: those of the page, or black on white for paper and files.
import { FONT } from '../../map/page_font';

export interface Look {
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly ground: string;
  readonly panel: string;
  readonly accent: string;
  readonly green: string;
  readonly amber: string;
  readonly red: string;
  readonly violet: string;
  readonly grey: string;
  /** Letters, px. */
  readonly size: number;
  readonly font: string;
  /** From much to little of a heat map: cool to hot, told apart in grey as well. */
  readonly heat: readonly string[];
}

const NAMES = ['text', 'quiet', 'line', 'ground', 'panel', 'accent', 'green', 'amber', 'red', 'violet', 'grey'] as const;
const FONTS = `"${FONT}", system-ui, sans-serif`;

/** The page's own, in the light that it is in now. */
export function screenLook(): Look {
  const style = getComputedStyle(document.documentElement);
  const colours = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  const size = Math.round(parseFloat(style.fontSize) * 0.87);
  const heat = ['#12294a', '#1d5f8a', '#3f9aa5', '#b9c46a', '#ffb938', '#ff6b4a'];
  return { ...(colours as Record<(typeof NAMES)[number], string>), size, font: FONTS, heat };
}

export const PAPER: Look = {
  text: '#000000',
  quiet: '#333333',
  line: '#999999',
  ground: '#ffffff',
  panel: '#ffffff',
  accent: '#2b6cb0',
  green: '#1c7c45',
  amber: '#9a5b00',
  red: '#b3131b',
  violet: '#6b3fa0',
  grey: '#666666',
  size: 12,
  font: FONTS,
  heat: ['#eef4fb', '#c6dcef', '#8fc1de', '#f5d76e', '#f0993e', '#cf4a2c'],
};

/** Hatching over what rests on few calls. */
export const hatched = (look: Look) => ({
  symbol: 'rect',
  color: look.ground,
  dashArrayX: [1, 0],
  dashArrayY: [2, 4],
  rotation: -Math.PI / 4,
});

/** With fewer measured calls a share says little: ten points up or down are chance. */
export const FEW = 20;
