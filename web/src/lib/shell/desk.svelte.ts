// What this desk is looking at: which screen, which incident, which unit, whether a call is being entered.
import type { Place } from '../api/types';

export type View = 'map' | 'statistics';

class DeskState {
  view = $state<View>('map');
  incident_id = $state<string | null>(null);
  unit_id = $state<string | null>(null);
  intakeOpen = $state(false);
  /** Where the map was asked to look; a new object each time, so that asking twice moves it twice. */
  target = $state.raw<Place | null>(null);

  openIncident(id: string, at?: Place): void {
    this.view = 'map';
    this.incident_id = id;
    this.intakeOpen = false;
    if (at) this.lookAt(at);
  }

  openUnit(id: string, at?: Place | null): void {
    this.unit_id = id;
    if (at) this.lookAt(at);
  }

  openIntake(): void {
    this.view = 'map';
    this.intakeOpen = true;
  }

  lookAt(at: Place): void {
    this.target = { lat: at.lat, lon: at.lon };
  }

  /** Steps back: the form first, then the incident, then the unit. What was typed stays in the draft. */
  back(): void {
    if (this.intakeOpen) this.intakeOpen = false;
    else if (this.incident_id) this.incident_id = null;
    else this.unit_id = null;
  }
}

export const desk = new DeskState();
