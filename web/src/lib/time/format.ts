// Figures and times as people read them. Times are shown in Asia/Taipei wherever the browser stands.

export const ZONE = 'Asia/Taipei';

const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${locale} ${key}`;
  const held = formats.get(name) ?? new Intl.DateTimeFormat(locale, { timeZone: ZONE, hourCycle: 'h23', ...options });
  formats.set(name, held);
  return held;
}

type Moment = string | number;

/** 03:07:41 */
export const clockTime = (at: Moment, locale: string) =>
  format(locale, 'time', { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(new Date(at));

/** 11/24（週二）/ Tue, 11/24 */
export const day = (at: Moment, locale: string) =>
  format(locale, 'day', { month: '2-digit', day: '2-digit', weekday: 'short' }).format(new Date(at));

/** 2026-11-24 in Taipei, whatever the language: what a date field takes. */
export const isoDay = (at: Moment) =>
  format('sv-SE', 'iso', { year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(at));

/** 7:05, and 1:02:09 from an hour on. Fractions are dropped; negative spans read 0:00. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A time that was measured, as `span` writes it, but a second that has begun counts: what took longer than a limit of whole
 * seconds never reads as the limit, and what did not never reads as more. (`span` is for clocks that run.) */
export const duration = (seconds: number) => span(Math.ceil(seconds));

/** 63: all minutes of a measured time; one that has begun counts, as seconds do. */
export const minutesBegun = (seconds: number) => Math.ceil(Math.max(0, seconds) / 60);

/** 850 m, 2.4 km */
export function distance(metres: number): string {
  return metres < 995 ? `${Math.round(metres / 10) * 10} m` : `${(metres / 1000).toFixed(1)} km`;
}

/** What sums of shares may miss of the whole by arithmetic alone. */
const NOTHING = 1e-9;

/** 87.9 %; all but a few in a thousand are not 100.0 %. */
export function percent(share: number): string {
  const rounded = (share * 100).toFixed(1);
  return `${rounded === '100.0' && share < 1 - NOTHING ? '99.9' : rounded} %`;
}

/** 87: whole percents that are reached; 89.6 % is not 90 where that is what counts. */
export const wholePercent = (share: number) => Math.floor(share * 100 + NOTHING);

/** 23.48012, 120.45310: latitude first, about a metre fine. */
/** Of an imported incident it may be that nobody knows. */
export const place = (at: { lat: number | null; lon: number | null }) =>
  at.lat === null || at.lon === null ? '–' : `${at.lat.toFixed(5)}, ${at.lon.toFixed(5)}`;

/** Reads "23.48, 120.45" (latitude first); null where that isn't a place on earth. */
export function readPlace(text: string): { lat: number; lon: number } | null {
  const found = /^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,，\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(text);
  if (!found) return null;
  const lat = Number(found[1]);
  const lon = Number(found[2]);
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}
