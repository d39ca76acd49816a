// Coordinates as a caller's phone gives them: decimal, degrees and minutes, geo: addresses, links of map programs. Pure.
import type { Place } from '../api/types';

const NUMBER = String.raw`[+-]?\d{1,3}(?:\.\d+)?`;
const PAIR = new RegExp(String.raw`^\(?\s*(${NUMBER})\s*°?\s*[,;\s]\s*(${NUMBER})\s*°?\s*\)?$`);
/** Where links of map programs keep a pair, the place itself before the middle of the picture. */
const IN_LINKS = [
  new RegExp(String.raw`!3d(${NUMBER})!4d(${NUMBER})`),
  new RegExp(String.raw`[?&](?:q|query|ll|sll|daddr|destination|center|loc)=(?:loc:)?(${NUMBER})(?:,|%2C)\s*(${NUMBER})`, 'i'),
  new RegExp(String.raw`[?&]mlat=(${NUMBER})&mlon=(${NUMBER})`),
  new RegExp(String.raw`/(?:place|search|dir)/(?:[^/]*/)?(${NUMBER}),\+?(${NUMBER})`),
  new RegExp(String.raw`@(${NUMBER}),(${NUMBER})`),
  new RegExp(String.raw`#map=\d+(?:\.\d+)?/(${NUMBER})/(${NUMBER})`),
];
const SIDE = '([NSEW北南東西])?';
const SIXTIETHS = (sign: string) => String.raw`(?:(\d{1,2}(?:\.\d+)?)\s*[${sign}]?\s*)?`;
const ANGLE = new RegExp(
  String.raw`${SIDE}\s*(\d{1,3}(?:\.\d+)?)\s*[°度º ]\s*${SIXTIETHS("'′’分")}${SIXTIETHS('"″”秒')}${SIDE}`,
  'gi',
);
const NORTH_SOUTH = /[NS北南]/i;
const BACKWARDS = /[SW南西]/i;

function onEarth(lat: number, lon: number): Place | null {
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}

/** A pair of decimal numbers: latitude first, unless only the other order is a place on earth. */
function pair(first: string | undefined, second: string | undefined): Place | null {
  const [one, other] = [Number(first), Number(second)];
  return onEarth(one, other) ?? onEarth(other, one);
}

function angles(text: string): Place | null {
  if (!/[NSEW北南東西°度º]/i.test(text)) return null;
  const found = [...text.toUpperCase().matchAll(ANGLE)].map(([, before, degrees, minutes, seconds, after]) => {
    const side = before ?? after ?? '';
    const value = Number(degrees) + Number(minutes ?? 0) / 60 + Number(seconds ?? 0) / 3600;
    return { side, value: BACKWARDS.test(side) ? -value : value };
  });
  const [first, second] = found;
  if (!first || !second || found.length !== 2) return null;
  if (first.side && second.side && NORTH_SOUTH.test(first.side) === NORTH_SOUTH.test(second.side)) return null;
  const lonFirst = first.side ? !NORTH_SOUTH.test(first.side) : NORTH_SOUTH.test(second.side);
  return lonFirst ? onEarth(second.value, first.value) : onEarth(first.value, second.value);
}

/** The place that a text is as a whole; null where it is something else, as an address with a number is. */
export function readCoordinates(text: string): Place | null {
  const line = text.normalize('NFKC').trim();
  if (/^https?:\/\//i.test(line)) {
    for (const form of IN_LINKS) {
      const found = form.exec(line);
      if (found) return pair(found[1], found[2]);
    }
    return null;
  }
  const bare = line.replace(/^geo:/i, '').replace(/[;?].*$/, line.toLowerCase().startsWith('geo:') ? '' : '$&');
  const found = PAIR.exec(bare);
  if (found) return pair(found[1], found[2]);
  return /^[\dNSEW北南東西緯經:：°度º'′’分"″”秒.,，\s]+$/i.test(line) ? angles(line.replace(/[緯經:：]/g, '')) : null;
}
