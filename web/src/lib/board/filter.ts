// What the board shows and how it is grouped. Pure; kept per browser.
import type { Assignment, Category, Incident, Unit, UnitStatus } from '../api/types';

export const GROUPS = ['none', 'station', 'precinct', 'status', 'priority'] as const;
export type Grouping = (typeof GROUPS)[number];
export const UNIT_STATUSES: readonly UnitStatus[] = ['AVAILABLE', 'DISPATCHED', 'EN_ROUTE', 'ON_SCENE', 'OUT_OF_SERVICE'];

/** An empty member lets everything pass. */
export interface Filter {
  readonly text: string;
  readonly priority: string;
  readonly station: string;
  readonly status: UnitStatus | '';
  readonly category: Category | '';
  readonly group: Grouping;
}

export const EVERYTHING: Filter = { text: '', priority: '', station: '', status: '', category: '', group: 'station' };

/** What a browser kept, made whole: a member that is unknown or wrong is as if nothing was chosen. */
export function readFilter(kept: string | null): Filter {
  let told: unknown = null;
  try {
    told = JSON.parse(kept ?? '{}');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const members = (typeof told === 'object' && told !== null ? told : {}) as Record<string, unknown>;
  const text = (name: string) => (typeof members[name] === 'string' ? members[name] : '');
  return {
    text: text('text'),
    priority: /^[1-4]$/.test(text('priority')) ? text('priority') : '',
    station: text('station'),
    status: UNIT_STATUSES.find((status) => status === text('status')) ?? '',
    category: text('category') as Category | '',
    group: GROUPS.find((group) => group === text('group')) ?? EVERYTHING.group,
  };
}

export const isFiltered = (filter: Filter) => Object.entries(filter).some(([name, value]) => name !== 'group' && Boolean(value));

const holds = (filter: Filter, texts: readonly (string | null | undefined)[]) => {
  const letters = filter.text.trim().toLowerCase();
  return !letters || texts.some((text) => text?.toLowerCase().includes(letters));
};
const fits = (chosen: string, value: string | number | null | undefined) => !chosen || chosen === String(value ?? '');

/** `words`: what the category is called in the desk's language. */
export function passesIncident(incident: Incident, filter: Filter, words: string): boolean {
  const units = incident.assignments.filter(({ ended_at }) => ended_at === null).map(({ unit_name }) => unit_name);
  return (
    fits(filter.priority, incident.priority) &&
    fits(filter.station, incident.station) &&
    fits(filter.category, incident.category) &&
    holds(filter, [incident.number, incident.address, incident.description, incident.station, incident.precinct, words, ...units])
  );
}

/** An assignment passes with its incident, where the text or the unit's own status says nothing else. */
export function passesAssignment(
  assignment: Assignment,
  incident: Incident,
  unit: Unit | undefined,
  filter: Filter,
  words: string,
): boolean {
  return fits(filter.status, unit?.status) && passesIncident(incident, filter, `${words} ${assignment.unit_name}`);
}

/** Priority and category are those of the incident that a unit is on: an idle one has neither. */
export function passesUnit(unit: Unit, incident: Incident | undefined, filter: Filter): boolean {
  return (
    fits(filter.status, unit.status) &&
    fits(filter.station, unit.station) &&
    fits(filter.priority, incident?.priority) &&
    fits(filter.category, incident?.category) &&
    holds(filter, [unit.name, unit.plate, unit.station, unit.precinct, unit.assignment?.incident_number])
  );
}
