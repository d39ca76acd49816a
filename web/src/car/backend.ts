// What the car screen needs from whatever is behind it: the agent in the car (AgentBackend), or the browser itself with
// an outbox of its own (PwaBackend). The screen knows this page alone; CarState is what the agent's GET /api/state gives.

export type Step = 'acknowledged' | 'en_route' | 'on_scene' | 'cleared' | 'declined';

/** A position as the receiver measured it. `time_ms` is the receiver's time. */
export interface Fix {
  time_ms: number;
  lat: number;
  lon: number;
  accuracy_m?: number | null;
  speed_mps?: number | null;
  course_deg?: number | null;
}

export interface OrderIncident {
  id: string;
  number: string;
  category: string;
  /** 1 is the most urgent, 4 the least. */
  priority: number;
  summary: string;
  lat: number;
  lon: number;
  received_ms: number;
  address?: string | null;
  caller_note?: string | null;
}

export interface Order {
  assignment_id: string;
  incident: OrderIncident;
  /** The ten-minute clock ends here, by the server's clock. */
  arrive_by_ms: number;
  eta_s?: number | null;
  /** GeoJSON, longitude first. */
  route?: GeoJSON.LineString | null;
  /** The crew's own step. */
  step: Step | null;
  /** The arrival on record that the crew did not press itself; null while there is none. */
  arrived?: { by: 'gps' | 'dispatcher'; at_ms: number } | null;
}

/** What was ended without the crew's word, newest last. */
export interface Ended {
  assignment_id: string;
  number: string;
  reason: string;
  step: Step | null;
  at_ms: number;
}

export interface Notice {
  id: string;
  text: string;
  level: 'info' | 'warning' | 'alarm';
  at_ms: number;
  read: boolean;
  /** What it is, where the screen has words of its own for it: `sos_acknowledged`, `link_lost` … */
  code?: string | null;
}

export interface Rejected {
  seq: number;
  code: string;
  message: string;
  at_ms: number;
  type?: string;
  assignment_id?: string;
  status?: string;
}

/** Where a press is: `held` may still be taken back; `queued` waits for the link; `sent` waits for the server's word. */
export type Phase = 'held' | 'queued' | 'sent' | 'acknowledged' | 'rejected';

export interface Press {
  press_id: string;
  kind: 'status' | 'availability' | 'sos' | 'check_in';
  /** When it was pressed, by the clock of the car (the browser); this is the time that is reported. */
  pressed_ms: number;
  phase: Phase;
  /** Until then it can be taken back, by the same clock as `clock_ms`; null where it can't. */
  held_until_ms?: number | null;
  assignment_id?: string | null;
  status?: Step | null;
  available?: boolean | null;
  active?: boolean | null;
}

export interface Trouble {
  code: string;
  since_ms: number;
  detail?: string | null;
}

export interface Camera {
  camera_id: string;
  state: string;
  time_ms: number;
}

/** All that the screen shows. Times are milliseconds since the Unix epoch; `clock_ms` is now, by the car's clock. */
export interface CarState {
  unit_id: string | null;
  unit_name: string | null;
  connected: boolean;
  /** connected, connecting, unreachable, lost, silent, refused, taken_over, reset, new_boot; others are shown raw. */
  link: string;
  clock_ms: number;
  /** The server's time now, as well as the car can tell; null before the first greeting, left out where
   *  `clock_ms + clock_offset_ms` says it. */
  server_ms?: number | null;
  /** Server's clock minus that of the computer, at the last greeting; null while there was none. `clock_ms` may be
   *  corrected by it already. */
  clock_offset_ms: number | null;
  /** Messages that the server has not acknowledged, positions among them. */
  waiting: number;
  /** Null while there is no position, or the last one is too old to be one. */
  fix: Fix | null;
  /** How long ago the last position came, in milliseconds; null: none since the start. */
  fix_age_ms: number | null;
  available: boolean;
  /** Why out of service: one of REASONS_AWAY, or free text. */
  availability_reason?: string | null;
  sos_active: boolean;
  /** A dispatcher has seen the SOS that is on. */
  sos_seen?: boolean;
  /** Open ones and those that the crew finished and the server has not ended yet. */
  orders: Order[];
  ended: Ended[];
  notices: Notice[];
  rejected: Rejected[];
  /** The newest presses, oldest first. */
  presses: Press[];
  troubles: Trouble[];
  cameras: Camera[];
}

export interface StepPress {
  assignment_id: string;
  status: Step;
  reason?: string;
  disposition?: string;
  note?: string;
}

/** How long a step may be taken back, in seconds. A press of SOS is never held back. */
export const UNDO_WITHIN_S = 5;
/** What is sent as the reason of `available: false`; shown as car_away_{code}. */
export const REASONS_AWAY = ['meal', 'refuel', 'paperwork', 'vehicle_fault', 'off_duty'] as const;

/** A press that was not taken; `code` is shown as failure text where it has one. */
export class PressFailed extends Error {
  constructor(
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

/** Each press resolves when it is safely kept (on the car's disk, in IndexedDB), not when the server has it.
 *  Rejects with PressFailed. Optional members: the screen leaves out what a backend does not have. */
export interface CarBackend {
  /** Calls `listen` at once with what is known, then after each change, until the returned function is called.
   *  Null: nothing is known yet. `alive`: false while the backend itself does not answer (agent stopped). */
  watch(listen: (state: CarState | null, alive: boolean) => void): () => void;
  /** A step in an order; may be taken back for UNDO_WITHIN_S, and is reported with the time of the press. */
  step(press: StepPress): Promise<void>;
  undo(press_id: string): Promise<void>;
  setAvailable(available: boolean, reason?: string): Promise<void>;
  /** True again while it is on calls again, and harms nothing. */
  sos(active: boolean): Promise<void>;
  markRead(notice_id: string): Promise<void>;
  /** 我沒事, on a priority 1 scene. */
  checkIn?(assignment_id: string): Promise<void>;
  /** Exchanges a one-time code for a token, where `troubles` holds no_token. */
  enrol?(code: string): Promise<void>;
  /** The bureau's streets, class and name each; null while there are none. */
  streets(): Promise<GeoJSON.FeatureCollection<GeoJSON.LineString> | null>;
  /** Signs out; for a backend with accounts. */
  signOut?(): Promise<void>;
}
