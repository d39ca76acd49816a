// Starts the car's screen.
import { mount } from 'svelte';
import { steadyPress } from '../lib/shell/steady_press';
import './car.css';
import CarApp from './CarApp.svelte';
import { Car } from './car.svelte';
import { chooseBackend } from './choose_backend';

const target = document.getElementById('app');
if (!target) throw new Error('car.html has no element with the id "app"');
steadyPress(window);
mount(CarApp, { target, props: { car: new Car(await chooseBackend()) } });
