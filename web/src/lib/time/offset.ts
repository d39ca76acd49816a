// The server's clock as seen from here. A message is at least as old as it says, never younger, so the greatest
// difference among the last few is the one that travelled fastest and is nearest to the truth.

const KEPT = 15;

export class ServerOffset {
  private readonly seen_ms: number[] = [];

  /** Takes one reading: the server's time in a message and this machine's time at its arrival (one that only rises). */
  hear(server_ms: number, local_ms: number): void {
    if (!Number.isFinite(server_ms)) return;
    this.seen_ms.push(server_ms - local_ms);
    if (this.seen_ms.length > KEPT) this.seen_ms.shift();
  }

  /** What to add to this machine's clock; null before anything was heard. */
  get offset_ms(): number | null {
    return this.seen_ms.length ? Math.max(...this.seen_ms) : null;
  }
}
