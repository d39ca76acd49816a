// What a refused or failed request turns into: the server's own words (RFC 9457) or the absence of any.

export interface ProblemMember {
  member: string;
  reason: string;
}

/** The server answered and refused. `code` names why; `members` names which part of the request. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly members: readonly ProblemMember[] = [],
  ) {
    super(`${status} ${code}: ${detail}`);
  }
}

/** No answer came: network down, server restarting, or too slow. The request may or may not have been carried out. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

function text(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

/** Reads a problem document out of whatever body came; a proxy's HTML page gives code `http_STATUS`. */
export function refusalFrom(status: number, body: unknown): Refusal {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const errors = Array.isArray(problem['errors']) ? (problem['errors'] as unknown[]) : [];
  const members = errors.flatMap((entry) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { member, reason } = entry as Record<string, unknown>;
    return typeof member === 'string' ? [{ member, reason: text(reason, '') }] : [];
  });
  return new Refusal(status, text(problem['code'], `http_${status}`), text(problem['detail'], ''), members);
}
