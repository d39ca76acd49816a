// The sheets that the bar at the foot opens.
export type Panel = 'notices' | 'presses' | 'menu';
