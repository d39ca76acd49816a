// The screens of the desk, one line each: key, roles, title, and where it is loaded from when it is first looked at.
// A screen's address is #/ID, and #/ID/ARGUMENT where it shows one thing of many.
import type { Component } from 'svelte';
import type { Role } from '../api/types';
import type { TextKey } from '../text/texts';

export interface Screen {
  /** Position of its key (`KeyboardEvent.code`); null where it has none. */
  key: string | null;
  roles: readonly Role[];
  title: TextKey;
  /** Stands in the bar; a screen of one thing of many does not. */
  listed: boolean;
  /** Stays alive while another screen is looked at. */
  stays: boolean;
  load: () => Promise<{ default: Component }>;
}

const DISPATCH: readonly Role[] = ['dispatcher', 'supervisor'];
const ASK: readonly Role[] = ['supervisor', 'auditor'];
const READ: readonly Role[] = ['dispatcher', 'supervisor', 'auditor'];

interface Kind {
  listed?: boolean;
  stays?: boolean;
}

function screen(key: string | null, roles: readonly Role[], title: TextKey, load: Screen['load'], kind: Kind = {}): Screen {
  return { key, roles, title, load, listed: kind.listed ?? true, stays: kind.stays ?? false };
}

/** In the order of the bar; whoever signs in begins at the first that the role may see. */
export const VIEWS = {
  map: screen('KeyM', DISPATCH, 'live_map', () => import('./LiveScreen.svelte'), { stays: true }),
  board: screen('KeyB', DISPATCH, 'board', () => import('../board/BoardScreen.svelte')),
  statistics: screen('KeyS', READ, 'statistics', () => import('../statistics/StatisticsScreen.svelte')),
  replay: screen('KeyR', READ, 'replay', () => import('../replay/ReplayScreen.svelte')),
  what_if: screen('KeyW', ASK, 'what_if', () => import('../what_if/WhatIfScreen.svelte')),
  incidents: screen('KeyI', READ, 'past_incidents', () => import('../incidents/PastIncidents.svelte')),
  incident: screen(null, READ, 'incident', () => import('../incidents/IncidentPage.svelte'), { listed: false }),
};

export type View = keyof typeof VIEWS;

export const isView = (id: string): id is View => Object.hasOwn(VIEWS, id);

/** What a role may look at, in the order of the bar. */
export function viewsOf(role: Role): View[] {
  return Object.keys(VIEWS).filter((id): id is View => isView(id) && VIEWS[id].roles.includes(role));
}

/** The view that a key opens for a role, or null. */
export function viewOfKey(key: string | null, role: Role): View | null {
  return viewsOf(role).find((id) => VIEWS[id].key !== null && VIEWS[id].key === key) ?? null;
}
