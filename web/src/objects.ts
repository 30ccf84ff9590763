// The two objects of the demo, followed from the moment they exist.
import { SynclineError } from "@syncline/client";
import type { DataObject, Syncer } from "@syncline/client";

/** This machine's figures: the native hyperty owns them and alone may write. */
export const MACHINE = "comm://local/machine";
/** The shared board: everybody writes. */
export const BOARD = "comm://local/board";

/** Milliseconds until an object is asked for again that is not there. */
const ASK_AGAIN = 3000;

/**
 * Calls `found` with the object each time it is there (again), `missing` when it is not. A deleted
 * object is waited for.
 */
export function follow(
  syncer: Syncer,
  url: string,
  found: (object: DataObject) => void,
  missing: (error: SynclineError) => void,
): void {
  const again = (error: SynclineError): void => {
    missing(error);
    setTimeout(attempt, ASK_AGAIN);
  };
  const attempt = async (): Promise<void> => {
    try {
      const object = await syncer.subscribe(url);
      object.on("ended", again);
      found(object);
    } catch (error) {
      if (!(error instanceof SynclineError)) throw error;
      again(error);
    }
  };
  void attempt();
}
