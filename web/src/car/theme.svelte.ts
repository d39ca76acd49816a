// Day or night: by the hour in Taipei, or as the crew says.
import { CHOICES, isDay, type Choice } from './day';

const STORED_AS = 'patrol.car.theme';

class Theme {
  choice = $state<Choice>('auto');

  constructor() {
    const stored = localStorage.getItem(STORED_AS);
    if (CHOICES.includes(stored as Choice)) this.choice = stored as Choice;
    // Another window of the same browser chose.
    window.addEventListener('storage', ({ key, newValue }) => {
      if (key === STORED_AS && CHOICES.includes(newValue as Choice)) this.choice = newValue as Choice;
    });
  }

  choose(choice: Choice): void {
    this.choice = choice;
    localStorage.setItem(STORED_AS, choice);
  }

  shown(now_ms: number): 'day' | 'night' {
    if (this.choice !== 'auto') return this.choice;
    return isDay(now_ms) ? 'day' : 'night';
  }
}

export const theme = new Theme();
