// A sentence that is not yet in any language: which text, with which values. Pure code says these, the screen words them.
import { textIn, type Locale, type TextKey } from '../text/texts';

export interface Said {
  key: TextKey;
  values?: Readonly<Record<string, string | number | Said>>;
}

export const said = (key: TextKey, values?: Said['values']): Said => (values ? { key, values } : { key });

export function worded({ key, values = {} }: Said, locale: Locale): string {
  const filled = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'object' ? worded(value, locale) : value,
  ]);
  return textIn(locale, key, Object.fromEntries(filled) as Record<string, string | number>);
}
