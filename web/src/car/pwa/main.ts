// Starts the officers' page, and what lets it start again without a network.
import { mount } from 'svelte';
import { steadyPress } from '../../lib/shell/steady_press';
import '../car.css';
import { speakAsPhone } from '../texts.svelte';
import PwaApp from './PwaApp.svelte';
import { officer } from './officer.svelte';
import { keepShell } from './shell';

const target = document.getElementById('app');
if (!target) throw new Error('officer.html has no element with the id "app"');
speakAsPhone();
keepShell();
steadyPress(window);
mount(PwaApp, { target, props: { officer } });
void officer.begin();
