// The letters of a chart. One that is drawn before its piece of the font has come stays wrong, in a file for ever.
import { loadLetters, missingLetters } from '../../map/glyphs';
import type { Drawing } from './drawing';

/** What figures are written with, by functions that nobody can look into. */
const FIGURES = '0123456789 .,:%+−–×▼≤≥<>n';

/** Until all that `option` writes, and what its marks say, can be drawn. */
export function lettersFor(option: object, { marks }: Pick<Drawing, 'marks'>): Promise<void> {
  const words = JSON.stringify(option, (_, value: unknown) => (typeof value === 'function' ? undefined : value));
  return loadLetters(missingLetters([words, FIGURES, ...marks.flatMap(({ lines }) => lines)]));
}
