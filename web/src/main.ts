// Starts the screens.
import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import { steadyPress } from './lib/shell/steady_press';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no element with the id "app"');
steadyPress(window);
mount(App, { target });
