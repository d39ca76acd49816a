// Keeps one feed socket open: reconnects with backoff, gives up on a silent one. Knows nothing of what is said.
import { backoff_ms } from './backoff';

/** How long each step may take before a socket counts as dead, whatever the browser believes. */
export const PATIENCE = {
  /** The handshake: a packet that is swallowed is never refused. */
  opening_ms: 5_000,
  /** From there to the first word: a snapshot of a great bureau on a busy server takes a while. */
  first_word_ms: 15_000,
  /** Between two words; heartbeats come every second. */
  silence_ms: 4_500,
};

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

  /** Leaves this socket, if there is one, for a new one at once: what it says can't be trusted, or the net is back. */
  again(): void {
    if (!this.wanted) return;
    this.drop();
    this.attempt = 0;
    this.connect();
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
    this.watch(PATIENCE.opening_ms);
    socket.onopen = () => {
      if (socket !== this.socket) return;
      opened = true;
      this.watch(PATIENCE.first_word_ms);
      this.listener.onOpen();
    };
    socket.onmessage = (message: MessageEvent<unknown>) => {
      if (socket !== this.socket) return;
      this.attempt = 0;
      this.watch(PATIENCE.silence_ms);
      if (typeof message.data === 'string') this.listener.onFrame(message.data);
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.socket = null;
      if (!opened) this.listener.onRefused();
      this.retry();
    };
  }

  private watch(patience_ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.drop();
      this.retry();
    }, patience_ms);
  }

  private retry(): void {
    clearTimeout(this.timer);
    if (!this.wanted) return;
    this.timer = setTimeout(() => this.connect(), backoff_ms(this.attempt++, Math.random));
  }
}
