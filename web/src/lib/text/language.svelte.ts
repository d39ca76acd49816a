// The language of this desk: zh-TW unless somebody chose otherwise here before.
import { isLocale, isTextKey, textIn, type Locale, type TextKey, type Values } from './texts';

const STORED_AS = 'patrol.language';

function stored(): Locale {
  const value = localStorage.getItem(STORED_AS);
  return isLocale(value) ? value : 'zh-TW';
}

class Language {
  locale = $state<Locale>(stored());

  choose(locale: Locale): void {
    this.locale = locale;
    localStorage.setItem(STORED_AS, locale);
  }
}

export const language = new Language();

export function t(key: TextKey, values?: Values): string {
  return textIn(language.locale, key, values);
}

/** The text for a code that the server may add to without asking us: an unknown one is shown as it is. */
export function named(group: string, code: string, values?: Values): string {
  const key = `${group}_${code}`;
  return isTextKey(key) ? t(key, values) : code.replaceAll('_', ' ');
}
