// The address of a question, for links; and going there.
import { addressOf } from '../shell/address';
import { desk } from '../shell/desk.svelte';
import { argumentOf, type Asked } from './asked';

export const hrefOf = (asked: Asked) => addressOf({ view: 'statistics', argument: argumentOf(asked) });
export const go = (asked: Asked) => desk.go('statistics', argumentOf(asked));
