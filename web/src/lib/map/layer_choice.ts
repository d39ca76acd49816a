// The layers of the map, and the reading of a choice among them that was kept. Pure.

export const LAYERS = ['streets', 'tiles', 'routes', 'stations', 'coverage', 'jams'] as const;
export type Layer = (typeof LAYERS)[number];
export type Choice = Readonly<Record<Layer, boolean>>;

export const AT_FIRST: Choice = { streets: true, tiles: true, routes: true, stations: true, coverage: false, jams: false };

/** What was stored, as far as it is known and readable; the rest as at first. */
export function readChoice(stored: string | null): Choice {
  let kept: unknown;
  try {
    kept = JSON.parse(stored ?? '{}');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const known = Object.entries(typeof kept === 'object' && kept !== null ? kept : {}).filter(
    ([layer, shown]) => Object.hasOwn(AT_FIRST, layer) && typeof shown === 'boolean',
  );
  return { ...AT_FIRST, ...(Object.fromEntries(known) as Partial<Choice>) };
}
