// Keeps the address and the desk in step: the desk writes it, "back", a link and a fresh window read it.
import type { Role } from '../api/types';
import { addressOf, placeOf } from './address';
import { desk } from './desk.svelte';
import { viewsOf } from './views';

/** Call while a component is made; `role` decides what an address may open. */
export function addressed(role: () => Role): void {
  const read = () => {
    const allowed = viewsOf(role());
    const place = placeOf(location.hash);
    if (place && allowed.includes(place.view)) desk.go(place.view, place.argument);
    else if (allowed[0]) desk.go(allowed[0]);
  };
  read();
  // Put right without a step for "back", where what stood there names no screen of this role.
  if (viewsOf(role()).length) history.replaceState(null, '', addressOf(desk));
  $effect(() => {
    if (!viewsOf(role()).includes(desk.view)) return read();
    const address = addressOf(desk);
    if (location.hash !== address) history.pushState(null, '', address);
  });
  $effect(() => {
    window.addEventListener('popstate', read);
    return () => window.removeEventListener('popstate', read);
  });
}
