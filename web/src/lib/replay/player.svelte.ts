// Plays a past period: loads it page by page, keeps the moment that is shown, moves it while it plays.
import { NoAnswer, Refusal } from '../api/problem';
import type { LiveState } from '../feed/state';
import { failureText } from '../text/failure';
import { serverTime } from '../time/now.svelte';
import { Film } from './film';
import { pagesOf, readPage, type Page, type Stretch } from './pages';
import { nextTick, type Tick } from './ticks';

export const SPEEDS = [1, 5, 10, 30, 60, 120] as const;
/** Often enough for the eye; 600 units are drawn each time. */
const FRAME_MS = 100;

export class Player {
  film = $state.raw<Film | null>(null);
  now_ms = $state.raw(0);
  playing = $state.raw(false);
  speed = $state.raw<number>(30);
  /** Pages that have come, of all; null where nothing is being loaded. */
  progress = $state.raw<{ done: number; all: number } | null>(null);
  failure = $state.raw('');
  readonly state = $derived<LiveState | null>(this.film?.at(this.now_ms) ?? null);

  private asked = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  async load(stretch: Stretch): Promise<void> {
    const number = ++this.asked;
    this.pause();
    this.film = null;
    this.failure = '';
    const wanted = pagesOf(stretch, serverTime.exact_ms());
    const pages: Page[] = [];
    try {
      for (const page of wanted) {
        this.progress = { done: pages.length, all: wanted.length };
        pages.push(await readPage(page));
        if (number !== this.asked) return;
      }
      this.begin(pages);
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
      if (number === this.asked) this.failure = failureText(error);
    } finally {
      if (number === this.asked) this.progress = null;
    }
  }

  /** Forgets all; nothing that is still on its way comes back. */
  stop(): void {
    this.asked += 1;
    this.pause();
    this.film = null;
    this.progress = null;
  }

  seek(at_ms: number): void {
    if (this.film) this.now_ms = Math.min(this.film.to_ms, Math.max(this.film.from_ms, at_ms));
  }

  step(seconds: number): void {
    this.seek(this.now_ms + seconds * 1000);
  }

  jump(ticks: readonly Tick[], way: 1 | -1): void {
    const tick = nextTick(ticks, this.now_ms, way);
    if (tick) this.seek(tick.at_ms);
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  private begin(pages: readonly Page[]): void {
    if (!pages.length) return;
    this.film = new Film(pages);
    this.now_ms = this.film.from_ms;
  }

  private play(): void {
    if (!this.film) return;
    if (this.now_ms >= this.film.to_ms) this.now_ms = this.film.from_ms;
    this.playing = true;
    let last_ms = performance.now();
    this.timer = setInterval(() => {
      const at_ms = performance.now();
      this.seek(this.now_ms + (at_ms - last_ms) * this.speed);
      last_ms = at_ms;
      if (this.film && this.now_ms >= this.film.to_ms) this.pause();
    }, FRAME_MS);
  }

  private pause(): void {
    clearInterval(this.timer);
    this.playing = false;
  }
}
