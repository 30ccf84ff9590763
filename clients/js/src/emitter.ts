// Typed events. A listener that throws is reported as uncaught and disturbs nobody else.
import { reportUncaught } from "./error.js";

export class Emitter<Events extends { [name: string]: unknown }> {
  private readonly listeners = new Map<keyof Events, Set<(event: never) => void>>();

  /** Calls `listener` for each event of that name until the returned function is called. */
  on<N extends keyof Events>(name: N, listener: (event: Events[N]) => void): () => void {
    let set = this.listeners.get(name);
    if (!set) this.listeners.set(name, (set = new Set()));
    set.add(listener as (event: never) => void);
    return () => void set.delete(listener as (event: never) => void);
  }

  /** Resolves at the next event of that name. */
  once<N extends keyof Events>(name: N): Promise<Events[N]> {
    return new Promise((resolve) => {
      const off = this.on(name, (event) => {
        off();
        resolve(event);
      });
    });
  }

  protected emit<N extends keyof Events>(name: N, event: Events[N]): void {
    for (const listener of [...(this.listeners.get(name) ?? [])]) {
      try {
        (listener as (event: Events[N]) => void)(event);
      } catch (error) {
        reportUncaught(error);
      }
    }
  }
}
