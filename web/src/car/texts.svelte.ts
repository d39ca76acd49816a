// The car's words in two languages; kept apart from the desk's, of which the car needs none.
import en from '../../messages/en.json?car';
import zhTW from '../../messages/zh-TW.json?car';
import type { TextKey } from '../lib/text/texts';

export type CarLocale = 'zh-TW' | 'en';
export type CarTextKey = Extract<TextKey, `car_${string}` | `category_${string}`>;
type Values = Readonly<Record<string, string | number>>;

const STORED_AS = 'patrol.language';
type CarTexts = Readonly<Record<CarTextKey, string>>;
const TEXTS = { 'zh-TW': zhTW as CarTexts, en: en as CarTexts };

class CarLanguage {
  locale = $state<CarLocale>(localStorage.getItem(STORED_AS) === 'en' ? 'en' : 'zh-TW');

  choose(locale: CarLocale): void {
    this.locale = locale;
    localStorage.setItem(STORED_AS, locale);
  }
}

export const language = new CarLanguage();

const isKey = (key: string): key is CarTextKey => Object.hasOwn(zhTW, key);

let on_a_phone = false;

/** A page without an agent has words of its own where the car's are not true of it: car_phone_LINK for car_LINK. */
export const speakAsPhone = () => void (on_a_phone = true);

function own(key: CarTextKey): CarTextKey {
  const phones = `car_phone_${key.replace(/^car_/, '')}`;
  return on_a_phone && isKey(phones) ? phones : key;
}

/** The text of `key` with its {names} filled in. */
export function textIn(locale: CarLocale, key: CarTextKey, values: Values = {}): string {
  return TEXTS[locale][own(key)].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export const t = (key: CarTextKey, values?: Values) => textIn(language.locale, key, values);

/** The text for a code that may be newer than this page: an unknown one is shown as it is. */
export function named(group: string, code: string, values?: Values): string {
  const key = `${group}_${code}`;
  return isKey(key) ? t(key, values) : code;
}

/** What goes to the control room in writing is Chinese, whatever this screen speaks. */
export const inChinese = (key: CarTextKey) => textIn('zh-TW', key);

/** Every text of this language: the letters that must be here before the network goes. */
export const allTexts = () => Object.values(TEXTS[language.locale]);
