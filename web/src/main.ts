// The demo page: one Syncer, two objects, and the chart of what happens between them and the hub.
import { Syncer } from "@syncline/client";
import { Board } from "./board";
import { Chart } from "./chart";
import { byId } from "./dom";
import { Machine } from "./machine";
import { short } from "./format";
import { Status } from "./status";
import "./style.css";

const hub = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}`;

/** A new name for each tab, kept over reloads. */
function identity(): string {
  const known = sessionStorage.getItem("identity");
  if (known) return known;
  const word = [...crypto.getRandomValues(new Uint8Array(2))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const made = `hyperty://local/page-${word}`;
  sessionStorage.setItem("identity", made);
  return made;
}

/** A colour for a name: the same everywhere. */
function hue(name: string): number {
  return [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
}

const me = identity();
const chart = new Chart(byId("chart"), me);
const syncer = new Syncer({ identity: me, url: hub, trace: (step) => chart.trace(step) });
const status = new Status(syncer);
const name = short(me);
const user = { name, color: `hsl(${hue(name)} 60% 42%)`, colorLight: `hsl(${hue(name)} 60% 50% / 25%)` };
new Machine(byId("machine"), syncer);
new Board(byId("board"), syncer, hub, user, (count) => status.peers(count));
