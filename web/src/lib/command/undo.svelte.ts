// What this desk did last, and how it is taken back while that makes sense. The newest first, one at a time: what can't be
// taken back stands in the way, so that `u` never undoes something older by surprise.
import { said, type Said } from './said';

export const UNDO_MS = 120_000;

export interface Done {
  /** What was done, for the sentence that offers to take it back. */
  says: Said;
  /** Takes it back and says so; a sentence instead, where it can't be. */
  undo: (() => Promise<Said>) | Said;
}
type Kept = Done & { until_ms: number };

export class UndoStack {
  private kept = $state.raw<readonly Kept[]>([]);

  constructor(private readonly now_ms: () => number) {}

  remember(done: Done): void {
    this.kept = [...this.kept.filter((one) => one.until_ms > this.now_ms()), { ...done, until_ms: this.now_ms() + UNDO_MS }];
  }

  forget(): void {
    this.kept = [];
  }

  /** What `u` would take back now. */
  last(): Done | null {
    const newest = this.kept.at(-1);
    return newest && newest.until_ms > this.now_ms() ? newest : null;
  }

  /** Throws what the request throws; then it stays, to be tried again. */
  async undo(): Promise<{ says: Said; undone: boolean }> {
    const done = this.last();
    if (!done) return { says: said('command_undo_nothing'), undone: false };
    if (typeof done.undo !== 'function') return { says: done.undo, undone: false };
    const says = await done.undo();
    this.kept = this.kept.filter((one) => one !== done);
    return { says, undone: true };
  }
}

export const undoStack = new UndoStack(() => performance.now());
