// Who is at this desk, and what happens when the session ends underneath.
import { currentSession, signIn, signOut } from '../api/calls';
import { NoAnswer, Refusal } from '../api/problem';
import { useCsrfToken, whenSignedOut } from '../api/request';
import type { CurrentSession } from '../api/types';

const ASK_AGAIN_MS = 2_000;

class Session {
  /** Whoever signed in last; stays while the session is renewed, so that nothing on the desk is lost. */
  who = $state.raw<CurrentSession | null>(null);
  /** Nobody is signed in (any more): the sign-in screen is shown. */
  over = $state(false);
  unreachable = $state(false);

  /** Asks whether a session is open from before; gives the function that stops asking. */
  begin(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    whenSignedOut(() => (this.over = true));
    const ask = async () => {
      try {
        this.enter(await currentSession());
      } catch (error) {
        if (error instanceof NoAnswer) {
          this.unreachable = true;
          timer = setTimeout(() => void ask(), ASK_AGAIN_MS);
        } else if (error instanceof Refusal) {
          this.unreachable = false;
          this.over = true;
        } else throw error;
      }
    };
    void ask();
    return () => clearTimeout(timer);
  }

  async signIn(username: string, password: string): Promise<void> {
    this.enter(await signIn(username, password));
  }

  async signOut(): Promise<void> {
    try {
      await signOut();
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 401)) throw error;
    }
    this.who = null;
    this.over = true;
  }

  private enter(who: CurrentSession): void {
    useCsrfToken(who.csrf_token);
    this.who = who;
    this.over = false;
    this.unreachable = false;
  }
}

export const session = new Session();
