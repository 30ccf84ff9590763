// The steps a change takes, as the sequence chart of docs/ARCHITECTURE.md draws them.

/** The participants, from the program to the hub. */
export type Participant = "hyperty" | "object" | "syncer" | "bus";

/** One message on its way. */
export interface Trace {
  from: Participant;
  to: Participant;
  /** "change", "report change", "post report change", "acknowledge", "refuse: …", … */
  message: string;
  /** The object. */
  url: string;
  /** Whose change it is; "" where nobody can tell. */
  by: string;
  /** When, on the scale of Date.now(). */
  at: number;
}
