// Builds the screens into dist/, which the dispatch server hands out at `/`; the car's page into the agent's package as
// well. Nothing is inlined: the pages' content security policy allows no data: fonts and no inline scripts.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { carTexts, packedForTheCar } from './car_page.ts';
import { keptByTheBrowser } from './officer_page';

const server = process.env['PATROL_SERVER'] ?? 'http://localhost:8080';

export default defineConfig({
  plugins: [svelte(), carTexts(), packedForTheCar('../vehicle_agent/page'), keptByTheBrowser()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      input: ['index.html', 'car.html', 'officer.html'],
      // The map library changes seldom: on its own it stays in the browser's store when the screens change.
      output: { codeSplitting: { groups: [{ name: 'maplibre', test: /node_modules\/maplibre-gl\// }] } },
    },
  },
  server: { proxy: { '/api': { target: server, ws: true, changeOrigin: true } } },
  // A test that waits for a busy machine is late, not broken.
  test: { include: ['src/**/*.test.ts'], environment: 'node', testTimeout: 60_000, hookTimeout: 60_000 },
});
