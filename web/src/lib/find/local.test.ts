// Units and open incidents are found by the pieces of a name that people type.
import { expect, test } from 'vitest';
import type { Incident, Unit } from '../api/types';
import { incidentsNamed, unitsNamed } from './local';

const unit = (name: string) => ({ id: name, name }) as Unit;
const incident = (number: string, address: string | null) => ({ id: number, number, address }) as Incident;
const UNITS = ['北興101', '北興102', '長榮101', 'P-7'].map(unit);
const INCIDENTS = [incident('20261125-0012', '台中路7號'), incident('20261125-0120', null), incident('20261125-0002', '中山路')];
const names = (found: Unit[]) => found.map(({ name }) => name);
const numbers = (found: Incident[]) => found.map(({ number }) => number.slice(-4));

test('a call sign is found by its whole, its beginning, its end and its middle, in that order', () => {
  expect(names(unitsNamed('101', UNITS))).toEqual(['北興101', '長榮101']);
  expect(names(unitsNamed('北興１０２', UNITS))).toEqual(['北興102']);
  expect(names(unitsNamed('p-7', UNITS))).toEqual(['P-7']);
  expect(unitsNamed(' ', UNITS)).toEqual([]);
  expect(unitsNamed('x', UNITS)).toEqual([]);
});

test('an incident is found by its number of the day, by its whole number and by its address', () => {
  expect(numbers(incidentsNamed('12', INCIDENTS))).toEqual(['0012']);
  expect(numbers(incidentsNamed('#0120', INCIDENTS))).toEqual(['0120']);
  expect(numbers(incidentsNamed('20261125-0002', INCIDENTS))).toEqual(['0002']);
  expect(numbers(incidentsNamed('臺中路', INCIDENTS))).toEqual(['0012']);
  expect(incidentsNamed('', INCIDENTS)).toEqual([]);
  expect(incidentsNamed('路', INCIDENTS)).toEqual([]);
});
