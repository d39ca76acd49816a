// A phone does not speak of the car's disk and the car's computer: where the car's words are not true of it, it has its own.
import { afterEach, expect, test, vi } from 'vitest';
import en from '../../../messages/en.json';
import zhTW from '../../../messages/zh-TW.json';

const PHONES = /^car_phone_/;
/** Said by the agent alone, by its troubles and at its enrolment; and what is true of a motorcycle as well. */
const AGENTS = /^car_(agent_|enrol_|trouble_|failed_)/;
const OF_THE_CAR = { 'zh-TW': /車上|車機|本車|車頭|跟車/, en: /\bin the car\b|car computer|state of the car/i };

afterEach(() => vi.unstubAllGlobals());

test('what a phone says in its own words the car says too', () => {
  const own = Object.keys(zhTW).filter((key) => PHONES.test(key));
  expect(own.length).toBeGreaterThan(5);
  expect(own.filter((key) => !(key.replace(PHONES, 'car_') in zhTW))).toEqual([]);
});

test('nothing that a phone may show speaks of the car it is not in', () => {
  for (const [locale, texts] of [['zh-TW', zhTW], ['en', en]] as const) {
    const shown = Object.entries(texts).filter(([key]) => key.startsWith('car_') && !PHONES.test(key) && !AGENTS.test(key));
    const cars = shown.filter(([key, text]) => OF_THE_CAR[locale].test(text) && !(key.replace('car_', 'car_phone_') in texts));
    expect(cars, locale).toEqual([]);
    for (const code of ['old_state', 'storage', 'unknown_duty', 'not_taken', 'position_denied', 'no_fix', 'clock_off']) {
      const text = texts[`car_phone_trouble_${code}` as keyof typeof texts] ?? texts[`car_trouble_${code}` as keyof typeof texts];
      expect(text, code).toBeTruthy();
      expect(text, code).not.toMatch(OF_THE_CAR[locale]);
    }
  }
});

test('the page speaks them once it says that it is on a phone', async () => {
  vi.stubGlobal('localStorage', { getItem: () => null });
  const { speakAsPhone, textIn } = await import('../texts.svelte');
  expect(textIn('zh-TW', 'car_map_none')).toContain('車上');
  speakAsPhone();
  expect(textIn('zh-TW', 'car_map_none')).toContain('手機');
  expect(textIn('zh-TW', 'car_back')).toBe(zhTW.car_back);
});
