// What this browser's boards are filtered and grouped by; kept here, so that a second window begins the same way.
import { readFilter, type Filter } from './filter';

const STORED_AS = 'patrol.board';

class Chosen {
  filter = $state.raw<Filter>(readFilter(localStorage.getItem(STORED_AS)));

  change(change: Partial<Filter>): void {
    this.filter = { ...this.filter, ...change };
    localStorage.setItem(STORED_AS, JSON.stringify(this.filter));
  }
}

export const chosen = new Chosen();
