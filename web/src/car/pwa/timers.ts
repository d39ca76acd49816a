// What is to happen later, and does not once its owner has ended.
export class Timers {
  ended = false;
  private readonly running = new Set<ReturnType<typeof setTimeout>>();

  later(work: () => void, ms: number): void {
    if (this.ended) return;
    const timer = setTimeout(() => {
      this.running.delete(timer);
      work();
    }, ms);
    this.running.add(timer);
  }

  end(): void {
    this.ended = true;
    for (const timer of this.running) clearTimeout(timer);
    this.running.clear();
  }
}
