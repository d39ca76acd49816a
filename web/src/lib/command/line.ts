// A typed line as words with their places in it. Full-width letters, digits and spaces of an input method count as plain ones.

export interface Word {
  text: string;
  from: number;
  to: number;
  /** In quotation marks: a text, never a number or a name to look up. */
  quoted: boolean;
}

/** Letter by letter, so that places in the line stay what they are. */
const plain = (line: string) =>
  line.replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0)).replace(/\u3000/g, ' ');

/** Words of the line; `glued`: words that may stand right before the next one, as Chinese needs no spaces (派101). */
export function wordsOf(line: string, glued: readonly string[]): Word[] {
  const even = plain(line);
  const words = [...even.matchAll(/"([^"]*)"?|\S+/g)].map((found): Word => {
    const quoted = found[1] !== undefined;
    return { text: found[1] ?? found[0], from: found.index, to: found.index + found[0].length, quoted };
  });
  const [first, ...rest] = words;
  if (!first || first.quoted) return words;
  const bare = first.text.replace(/^\/+(?=.)/, '');
  const from = first.to - bare.length;
  const prefix = glued
    .filter((word) => bare.startsWith(word) && bare.length > word.length)
    .sort((one, other) => other.length - one.length)[0];
  const isWord = glued.includes(bare);
  if (!prefix || isWord) return [{ ...first, text: bare, from }, ...rest];
  const cut = from + prefix.length;
  return [
    { text: prefix, from, to: cut, quoted: false },
    { text: bare.slice(prefix.length), from: cut, to: first.to, quoted: false },
    ...rest,
  ];
}

/** From this word to the end, as it was typed, without quotation marks around all of it. */
export function restOf(line: string, word: Word | undefined): string {
  const rest = word ? line.slice(word.from).trim() : '';
  return /^"[^"]*"$/.test(rest) ? rest.slice(1, -1).trim() : rest;
}
