// One way out to the server: adds the CSRF header to every change, turns refusals into errors, reports a lost session.
import { NoAnswer, refusalFrom } from './problem';

const TIMEOUT_MS = 15_000;
const BASE = '/api/v1';

export type Query = Record<string, string | number | undefined>;

interface Options {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  /** Goes on when the page is put away; for small bodies. */
  keepalive?: boolean;
  /** Takes as long as it takes. */
  unhurried?: boolean;
}

let csrfToken = '';
let patience: () => number | null = () => null;
let onSignedOut: () => void = () => undefined;

/** Remembers the token that proves a change comes from this page and not from another site. */
export function useCsrfToken(token: string): void {
  csrfToken = token;
}

/** How long an answer may take at most, where somebody knows that none is likely to come; null else. */
export function usePatience(callback: () => number | null): void {
  patience = callback;
}

/** Called whenever the server says 401 to a request that isn't the sign-in itself. */
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

function address(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return `${BASE}${path}${text ? `?${text}` : ''}`;
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A file as the server gave it, with what its head says. */
export interface Served {
  name: string;
  content: Blob;
  headers: Headers;
}

/** Gives the answer as a file with its name: to a change where there is a body; takes as long as it takes. Throws Refusal or NoAnswer. */
export async function requestFile(path: string, body?: unknown): Promise<Served> {
  const change = { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrfToken }, body: JSON.stringify(body) };
  let response: Response;
  let told: unknown;
  try {
    response = await fetch(address(path), body === undefined ? {} : change);
    const { headers } = response;
    const name = /filename="([^"]+)"/.exec(headers.get('Content-Disposition') ?? '')?.[1];
    if (response.ok) return { name: name ?? 'export', content: await response.blob(), headers };
    told = await readBody(response);
  } catch (error) {
    throw new NoAnswer(String(error), { cause: error });
  }
  if (response.status === 401) onSignedOut();
  throw refusalFrom(response.status, told);
}

/** Sends a request and gives the answer's JSON. Throws Refusal or NoAnswer. */
export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json', ...options.headers };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && csrfToken) headers['X-CSRF-Token'] = csrfToken;
  const init: RequestInit = { method, headers };
  if (!options.unhurried) init.signal = AbortSignal.timeout(patience() ?? TIMEOUT_MS);
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  if (options.keepalive) init.keepalive = true;
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(address(path, options.query), init);
    body = await readBody(response);
  } catch (error) {
    throw new NoAnswer(String(error), { cause: error });
  }
  if (response.ok) return body as T;
  const refusal = refusalFrom(response.status, body);
  if (response.status === 401 && refusal.code !== 'bad_credentials') onSignedOut();
  throw refusal;
}
