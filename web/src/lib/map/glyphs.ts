// Letters for the map. A glyph that is drawn before its font has come stays wrong for ever, and the font comes in a
// hundred pieces; so every label waits until the pieces with its letters are there.
import { FONT } from './page_font';

const loaded = new Set<string>();

/** The letters of `texts` that no piece of the font was loaded for yet. */
export function missingLetters(texts: Iterable<string>, known: ReadonlySet<string> = loaded): string {
  const missing = new Set<string>();
  for (const text of texts) for (const letter of text) if (!known.has(letter)) missing.add(letter);
  return [...missing].join('');
}

/** Loads what is needed for `letters`; a piece that does not come leaves boxes, not an empty map. */
export async function loadLetters(letters: string): Promise<void> {
  try {
    await document.fonts.load(`48px "${FONT}"`, letters);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
  for (const letter of letters) loaded.add(letter);
}
