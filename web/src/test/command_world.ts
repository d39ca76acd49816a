// A small bureau for the tests of the command line: three units, three open calls, one of them looked at.
import { incident, unit } from './samples';
import { LOCALES, TEXTS } from '../lib/text/texts';
import type { Context } from '../lib/command/context';

const views = [
  { id: 'map', title: 'live_map' },
  { id: 'statistics', title: 'statistics' },
] as const;

export function context(change: Partial<Context> = {}): Context {
  const incidents = [
    incident('i7', { number: '20261123-0007', address: '中山路' }),
    incident('i12', { number: '20261124-0012', address: '民族路 7 號' }),
    incident('i15', { number: '20261124-0015' }),
  ];
  return {
    role: 'dispatcher',
    locale: 'zh-TW',
    units: [
      unit('101'),
      unit('102', {
        status: 'EN_ROUTE',
        assignment: { assignment_id: 's1', incident_id: 'i7', incident_number: '20261123-0007', state: 'en_route' },
      }),
      unit('103', { name: '竹園103', status: 'OUT_OF_SERVICE', available: false, unavailable_reason: 'meal' }),
    ],
    incidents,
    chosen: incidents[2] ?? null,
    ended: null,
    today: '20261124',
    views: views.map(({ id, title }) => ({ id, names: [id, ...LOCALES.map((locale) => TEXTS[locale][title])] })),
    ...change,
  };
}
