// The lines that were entered at this desk, for the arrow keys. In memory alone, and gone with whoever signed in.

const KEPT = 50;

export class LineHistory {
  private lines: string[] = [];
  private at = 0;

  add(line: string): void {
    if (this.lines.at(-1) !== line) this.lines = [...this.lines, line].slice(-KEPT);
    this.at = this.lines.length;
  }

  /** The line before the one shown; null at the oldest. */
  older(): string | null {
    if (this.at === 0) return null;
    this.at -= 1;
    return this.lines[this.at] ?? null;
  }

  /** The line after it; an empty one behind the newest, null where none was being shown. */
  newer(): string | null {
    if (this.at >= this.lines.length) return null;
    this.at += 1;
    return this.lines[this.at] ?? '';
  }

  /** Something else is being typed. */
  leave(): void {
    this.at = this.lines.length;
  }

  get browsing(): boolean {
    return this.at < this.lines.length;
  }

  forget(): void {
    this.lines = [];
    this.at = 0;
  }
}

export const lineHistory = new LineHistory();
