// Keeps one feed socket open: reconnects with backoff, gives up on a silent one. Knows nothing of what is said.
import { backoff_ms } from './backoff';

/** A socket that said nothing for this long is dead, whatever the browser believes (heartbeats come every 2 s). */
const SILENCE_MS = 6_000;

export interface Listener {
  onOpen: () => void;
  onFrame: (frame: string) => void;
  /** Closed before it ever opened: perhaps the session ended; ask the API. */
  onRefused: () => void;
}

export function feedAddress(location: Pick<Location, 'protocol' | 'host'>): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/feed`;
}

export class Connection {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wanted = false;

  constructor(
    private readonly url: string,
    private readonly listener: Listener,
  ) {}

  open(): void {
    if (this.wanted) return;
    this.wanted = true;
    this.attempt = 0;
    this.connect();
  }

  close(): void {
    this.wanted = false;
    clearTimeout(this.timer);
    this.drop();
  }

  /** Says something to the server; lost where there is no connection, as a new one starts with a snapshot anyway. */
  send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private connect(): void {
    const socket = new WebSocket(this.url);
    let opened = false;
    this.socket = socket;
    this.watch();
    socket.onopen = () => {
      if (socket !== this.socket) return;
      opened = true;
      this.listener.onOpen();
    };
    socket.onmessage = (message: MessageEvent<unknown>) => {
      if (socket !== this.socket) return;
      this.attempt = 0;
      this.watch();
      if (typeof message.data === 'string') this.listener.onFrame(message.data);
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.socket = null;
      if (!opened) this.listener.onRefused();
      this.retry();
    };
  }

  private watch(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.drop();
      this.retry();
    }, SILENCE_MS);
  }

  private retry(): void {
    clearTimeout(this.timer);
    if (!this.wanted) return;
    this.timer = setTimeout(() => this.connect(), backoff_ms(this.attempt++, Math.random));
  }
}
