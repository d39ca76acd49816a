// Where an incident is: of one that was imported from a file it may be that nobody knows. Pure.
import type { Place } from '../api/types';

interface Somewhere {
  readonly lat: number | null;
  readonly lon: number | null;
}

export const whereOf = ({ lat, lon }: Somewhere): Place | null => (lat === null || lon === null ? null : { lat, lon });

/** For what looks at many places together. */
export const whereOfAll = (incident: Somewhere | undefined): Place[] => {
  const at = incident && whereOf(incident);
  return at ? [at] : [];
};
