// What a phone or a map program gives as coordinates is read; an address is not taken for one.
import { expect, test } from 'vitest';
import { readCoordinates } from './coordinates';

const CHIAYI = { lat: 23.48, lon: 120.45 };
const near = (text: string) => {
  const found = readCoordinates(text);
  return found && { lat: Number(found.lat.toFixed(5)), lon: Number(found.lon.toFixed(5)) };
};

test.each([
  '23.48, 120.45',
  ' 23.48，120.45 ',
  '23.48 120.45',
  '(23.48, 120.45)',
  '120.45, 23.48',
  'geo:23.48,120.45?z=17',
  'geo:23.48,120.45;u=20',
  "23°28.8'N 120°27'E",
  '23°28\'48"N, 120°27\'00"E',
  'N 23 28.8 E 120 27.0',
  '北緯23度28分48秒 東經120度27分',
  "E120°27' N23°28.8'",
  '23.48°N 120.45°E',
  'https://www.google.com/maps/@23.48,120.45,17z',
  'https://www.google.com/maps/place/X/@23.1,120.1,17z/data=!3m1!4b1!4m5!3m4!1s0x0:0x0!8m2!3d23.48!4d120.45',
  'https://maps.google.com/?q=23.48,120.45',
  'https://www.google.com/maps/search/?api=1&query=23.48%2C120.45',
  'https://maps.apple.com/?ll=23.48,120.45&q=Dropped',
  'https://www.openstreetmap.org/?mlat=23.48&mlon=120.45#map=17/23.1/120.1',
  'https://www.openstreetmap.org/#map=17/23.48/120.45',
])('%s is a place', (text) => expect(near(text)).toEqual(CHIAYI));

test('south and west are negative', () => {
  expect(near("33°52'S 70°40'W")).toEqual({ lat: -33.86667, lon: -70.66667 });
});

test.each(['', '中山路100號', '23.48', '12 34 56', 'Wiener Straße 3', 'https://maps.app.goo.gl/abc', '200, 300', '東門', 'N 1 N 2'])(
  '%j is no place',
  (text) => expect(readCoordinates(text)).toBeNull(),
);
