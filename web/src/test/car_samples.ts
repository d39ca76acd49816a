// What the tests of the car's screen start from.
import type { CarState, Order, Phase, Press } from '../car/backend';

export const anOrder = (assignment_id: string, more: Partial<Order> = {}): Order => ({
  assignment_id,
  incident: {
    id: `incident-${assignment_id}`,
    number: '110-1',
    category: 'traffic_accident',
    priority: 1,
    summary: '交通事故 A2：機車與貨車碰撞',
    lat: 23.48,
    lon: 120.45,
    received_ms: 0,
    address: '博愛街 12 號',
  },
  arrive_by_ms: 600_000,
  step: null,
  ...more,
});

export const aPress = (press_id: string, phase: Phase): Press => ({ press_id, kind: 'status', pressed_ms: 0, phase, status: 'acknowledged' });

export const aState = (more: Partial<CarState> = {}): CarState => ({
  unit_id: 'u',
  unit_name: '北興101',
  connected: true,
  link: 'connected',
  clock_ms: 0,
  clock_offset_ms: 0,
  waiting: 0,
  fix: null,
  fix_age_ms: null,
  available: true,
  sos_active: false,
  orders: [],
  ended: [],
  notices: [],
  rejected: [],
  presses: [],
  troubles: [],
  cameras: [],
  ...more,
});
