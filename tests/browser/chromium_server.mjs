// One Chromium for many runs: prints the address at which a driver finds it, and ends with its standard input. To start one
// costs more than most of what is done with it, above all where WebGL is drawn in software.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const web = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = web('playwright-core');
const { default: bundled } = await import(pathToFileURL(web.resolve('@sparticuz/chromium')).href);
const ARGUMENTS = [
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-gpu-rasterization', // of the page; without a graphics card the other way costs twice as much
  '--disable-gpu-compositing',
  '--no-sandbox',
  '--disable-gpu-sandbox',
  '--no-proxy-server',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

const server = await chromium.launchServer({
  executablePath: await bundled.executablePath(),
  args: ARGUMENTS,
  host: '127.0.0.1',
});
process.stdout.write(`${server.wsEndpoint()}\n`);
process.stdin.resume();
process.stdin.on('end', () => server.close());
server.on('close', () => process.exit(0));
