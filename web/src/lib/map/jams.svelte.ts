// Traffic of the own fleet: asked for while its layer is shown.
import { askEvery } from './asking';
import { jams as readJams, type Jams } from './requests';

const ASK_AGAIN_MS = 10_000;

class JamsNow {
  /** null: not asked yet, or no answer. */
  lines = $state.raw<Jams | null>(null);
  away = $state(false);

  /** Asks while it is looked at; gives the function that ends it. */
  watch(): () => void {
    const end = askEvery(ASK_AGAIN_MS, readJams, (answer) => {
      this.lines = answer;
      this.away = answer === null;
    });
    return () => {
      end();
      this.lines = null;
      this.away = false;
    };
  }
}

export const jamsNow = new JamsNow();
