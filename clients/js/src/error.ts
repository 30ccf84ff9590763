// The one error type of this package: a code of the table in docs/PROTOCOL.md, and words.

export class SynclineError extends Error {
  override name = "SynclineError";

  constructor(
    /** HTTP-like: 403 denied, 404 not found, 408 timeout, 409 conflict, 503 unavailable. */
    readonly code: number,
    /** A stable word for programs: "denied", "exists", "gap". */
    readonly reason: string,
    /** A sentence for people. */
    message: string,
    /** The access rule that decided, where one did. */
    readonly rule = "",
  ) {
    super(message || reason);
  }
}

/** Reports what a caller's callback threw as uncaught, without disturbing who called it. */
export function reportUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
