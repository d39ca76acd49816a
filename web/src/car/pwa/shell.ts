// The service worker that keeps this page's files. A new one takes over at a start, when nothing is being pressed.
const WORKER = '/car-worker.js';

export function keepShell(): void {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return; // no TLS: the page works, but opens only with a network
  const had_one = serviceWorker.controller !== null;
  void serviceWorker.register(WORKER, { scope: '/car' }).then((registration) => {
    // Asked for at each start: the browser's own look comes when it likes.
    void registration.update().catch(() => undefined);
    if (!had_one || !registration.waiting) return;
    serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    registration.waiting.postMessage('take over');
  }, () => undefined);
}
