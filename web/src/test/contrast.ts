// Contrast as WCAG 2.2 counts it, and the colours of a style sheet.

export type Colours = ReadonlyMap<string, string>;

/** The variables (`--name: #hex`) of the rule with this selector. */
export function variablesOf(css: string, selector: string): Map<string, string> {
  const start = css.indexOf(`${selector} {`);
  if (start < 0) throw new Error(`no rule for ${selector}`);
  const rule = css.slice(start, css.indexOf('}', start));
  return new Map([...rule.matchAll(/--([\w-]+):\s*(#[0-9a-f]{3,8})\s*;/gi)].map(([, name = '', hex = '']) => [name, hex]));
}

/** A value of a style as #rrggbb: a hex colour, or a variable; null where it is neither. */
export function colourOf(value: string, colours: Colours): string | null {
  const text = value.trim();
  const hex = /^var\(--([\w-]+)\)$/.exec(text)?.[1];
  const found = hex === undefined ? text : (colours.get(hex) ?? '');
  if (/^#[0-9a-f]{3}$/i.test(found)) return `#${[...found.slice(1)].map((digit) => digit + digit).join('')}`;
  return /^#[0-9a-f]{6}$/i.test(found) ? found : null;
}

/** Relative luminance of #rrggbb, 0 to 1. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** 1 to 21. Source: WCAG 2.2, "contrast ratio". */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}
