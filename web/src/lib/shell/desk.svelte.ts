// What this desk is looking at: which screen, which incident, which unit, whether a call is being entered.
import type { Place } from '../api/types';
import type { View } from './views';

class DeskState {
  #view = $state<View>('map');
  #argument = $state('');
  incident_id = $state<string | null>(null);
  unit_id = $state<string | null>(null);
  intakeOpen = $state(false);
  /** Rises with each place taken from the map: the form then takes the keyboard back. */
  placesTaken = $state(0);
  /** The middle of the map where it shows a part of the bureau; null where it shows all, and before it was there. */
  lookedAt: Place | null = null;
  /** Who has asked for a point of the map, and gets the next one that is clicked; null where nobody has. */
  aim = $state.raw<((at: Place) => void) | null>(null);
  /** Places that the map was asked to show together; a new list each time, so that asking twice moves it twice. */
  target = $state.raw<readonly Place[]>([]);

  get view(): View {
    return this.#view;
  }

  set view(view: View) {
    this.go(view);
  }

  /** What the screen shows one of, as its address says; empty for a screen as a whole. */
  get argument(): string {
    return this.#argument;
  }

  go(view: View, argument = ''): void {
    this.#view = view;
    this.#argument = argument;
  }

  openIncident(id: string, ...places: Place[]): void {
    this.view = 'map';
    this.incident_id = id;
    this.intakeOpen = false;
    if (places.length) this.lookAt(...places);
  }

  openIntake(): void {
    this.view = 'map';
    this.intakeOpen = true;
  }

  lookAt(...places: Place[]): void {
    this.target = places.map(({ lat, lon }) => ({ lat, lon }));
  }

  /** Steps back: the form first, then the incident, then the unit. What was typed stays in the draft. */
  back(): void {
    if (this.intakeOpen) this.intakeOpen = false;
    else if (this.incident_id) this.incident_id = null;
    else this.unit_id = null;
  }
}

export const desk = new DeskState();
