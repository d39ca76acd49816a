// Keeps the files of the officers' page, so that it opens without a network. The build fills in version and list.
// Answers of the API are never touched. A version is complete or not there, and page and files are of one version.
const VERSION = 'VERSION';
const FILES = ['FILES'];
const PAGE = '/car';
const CACHE = `patrol-car-${VERSION}`;

self.addEventListener('install', (event) => {
  const fetched = (path) => new Request(path, { cache: 'reload' });
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([PAGE, ...FILES].map(fetched))));
});

self.addEventListener('activate', (event) => {
  const drop = async () => {
    for (const name of await caches.keys()) if (name.startsWith('patrol-car-') && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(drop());
});

self.addEventListener('message', ({ data }) => {
  if (data === 'take over') void self.skipWaiting();
});

/** The kept page; another address below it, and whatever is not kept, comes from the network. */
async function page(request) {
  return (await caches.match(PAGE, { cacheName: CACHE })) ?? fetch(request);
}

/** Files have the hash of what they hold in their names, so a kept one is right; pieces of the font are kept as they come. */
async function file(request) {
  const kept = await caches.match(request, { cacheName: CACHE });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok && answer.type === 'basic') {
    const cache = await caches.open(CACHE);
    await cache.put(request, answer.clone());
  }
  return answer;
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate' && pathname === PAGE) event.respondWith(page(request));
  else if (pathname.startsWith('/assets/') || FILES.includes(pathname)) event.respondWith(file(request));
});
