// One question to everything that can be looked for; and going there. For the box on the map and for the command line.
import { request } from '../api/request';
import { NoAnswer, Refusal } from '../api/problem';
import type { Incident } from '../api/types';
import { live } from '../feed/live.svelte';
import { whereOfAll } from '../incidents/where';
import { desk } from '../shell/desk.svelte';
import { named, t } from '../text/language.svelte';
import { place as written } from '../time/format';
import { readCoordinates } from './coordinates';
import { incidentsNamed, unitsNamed, type Found } from './local';
import { pin } from './pin.svelte';
import { caution, whereabouts } from './place_words';
import { findPlaces, type FoundPlace } from './places';

export type { Found };

const LOOKS_LIKE_NUMBER = /^#?\d{4,8}(-\d{1,4})?$/;

async function places(text: string): Promise<FoundPlace[]> {
  try {
    return await findPlaces(text, desk.lookedAt);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'no_map') return [];
    throw error;
  }
}

/** Incidents that have ended are not in the live picture; the list of all has them. */
async function ended(text: string): Promise<Incident[]> {
  if (!LOOKS_LIKE_NUMBER.test(text)) return [];
  const query = { search: text.replace(/^#/, ''), limit: 5 };
  const answer = await request<{ items: Incident[] }>('GET', '/incidents', { query });
  return answer.items.filter(({ id }) => !live.incidents.has(id));
}

/** Units and incidents that are meant by their names first, then places. Throws Refusal or NoAnswer. */
export async function find(text: string): Promise<Found[]> {
  const line = text.trim();
  if (!line) return [];
  const at = readCoordinates(line);
  if (at) return [{ kind: 'point', at }];
  const here: Found[] = [
    ...unitsNamed(line, live.units.values()).map((unit): Found => ({ kind: 'unit', unit })),
    ...incidentsNamed(line, live.incidents.values()).map((incident): Found => ({ kind: 'incident', incident })),
  ];
  try {
    const [old, found] = await Promise.all([ended(line), places(line)]);
    return [
      ...here,
      ...old.map((incident): Found => ({ kind: 'incident', incident })),
      ...found.map((place): Found => ({ kind: 'place', place })),
    ];
  } catch (error) {
    // What the desk knows by itself is found without the server, too.
    if (error instanceof NoAnswer && here.length) return here;
    throw error;
  }
}

/** Shows it: a unit chosen, an incident opened, a place on the map with a pin. */
export function goTo(found: Found): void {
  if (found.kind === 'incident') {
    desk.openIncident(found.incident.id, ...whereOfAll(found.incident));
    return;
  }
  desk.view = 'map';
  if (found.kind === 'unit') {
    desk.unit_id = found.unit.id;
    const position = live.units.get(found.unit.id)?.position ?? found.unit.position;
    if (position) desk.lookAt(position);
    return;
  }
  const at = found.kind === 'point' ? found.at : found.place;
  pin.set(at, labelOf(found));
  desk.lookAt(at);
}

export function keyOf(found: Found): string {
  switch (found.kind) {
    case 'unit':
      return `unit ${found.unit.id}`;
    case 'incident':
      return `incident ${found.incident.id}`;
    case 'place':
      return `place ${found.place.kind} ${found.place.label} ${found.place.lat} ${found.place.lon}`;
    case 'point':
      return 'point';
  }
}

export function labelOf(found: Found): string {
  switch (found.kind) {
    case 'unit':
      return found.unit.name;
    case 'incident':
      return found.incident.number;
    case 'place':
      return found.place.label;
    case 'point':
      return written(found.at);
  }
}

/** The line beside the label, and what to be careful about. */
export function detailOf(found: Found): { about: string; caution: string } {
  switch (found.kind) {
    case 'unit':
      return { about: `${t('found_unit')} · ${t(`status_${found.unit.status}`)}`, caution: '' };
    case 'incident': {
      const { category, address, state } = found.incident;
      const about = [t(`category_${category}`), address, state === 'open' ? null : named('state', state)];
      return { about: about.filter(Boolean).join(' · '), caution: '' };
    }
    case 'place':
      return { about: whereabouts(found.place), caution: caution(found.place) };
    case 'point':
      return { about: t('found_point'), caution: '' };
  }
}
