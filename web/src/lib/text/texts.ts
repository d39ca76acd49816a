// The words of the screens, in two languages. A key that one language lacks does not compile.
import en from '../../../messages/en.json';
import zhTW from '../../../messages/zh-TW.json';

export type Locale = 'zh-TW' | 'en';
export type TextKey = keyof typeof zhTW;
export type Texts = Readonly<Record<TextKey, string>>;
export type Values = Readonly<Record<string, string | number>>;

export const LOCALES: readonly Locale[] = ['zh-TW', 'en'];
export const TEXTS = { 'zh-TW': zhTW, en } satisfies Record<Locale, Texts & Record<keyof typeof en, string>>;

export const isLocale = (value: unknown): value is Locale => LOCALES.includes(value as Locale);
export const isTextKey = (key: string): key is TextKey => Object.hasOwn(zhTW, key);

/** The text of `key` with its {names} filled in. */
export function textIn(locale: Locale, key: TextKey, values: Values = {}): string {
  return TEXTS[locale][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
