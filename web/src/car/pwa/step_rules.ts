// Which step may follow which, as the agent in a car has it: forward only.
import { PressFailed, type Order, type Step } from '../backend';

const ORDER: readonly (Step | null)[] = [null, 'acknowledged', 'en_route', 'on_scene', 'cleared'];

/** False where it is the same step again, which changes nothing. Throws PressFailed for a way back. */
export function checkStep(order: Order | undefined, step: Step): boolean {
  if (!order) throw new PressFailed('unknown_assignment', '');
  const before = order.step;
  if (before === step) return false;
  const over = before === 'cleared' || before === 'declined';
  const follows = step === 'declined' ? before !== 'on_scene' : ORDER.indexOf(step) > ORDER.indexOf(before);
  if (over || !follows) throw new PressFailed('bad_step', '');
  return true;
}
