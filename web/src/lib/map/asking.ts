// Asks the server again and again for as long as somebody looks; what can't be had is told as such, never kept as if new.
import { NoAnswer, Refusal } from '../api/problem';

/** Asks now and every `every_ms`; gives the function that ends it. `take` gets null where there was no answer. */
export function askEvery<T>(every_ms: number, ask: () => Promise<T>, take: (answer: T | null) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  const once = async () => {
    let answer: T | null = null;
    try {
      answer = await ask();
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
    }
    if (ended) return;
    take(answer);
    timer = setTimeout(() => void once(), every_ms);
  };
  void once();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
