// Connection, identity and company: the line at the top, and a banner while there is no hub.
import type { Syncer } from "@syncline/client";
import { byId, h } from "./dom";

const WORDS = {
  connecting: "connecting",
  connected: "connected",
  disconnected: "reconnecting",
  refused: "refused",
  closed: "closed",
} as const;

export class Status {
  private readonly state = byId("state");
  private readonly banner = byId("banner");
  private readonly countdown = h("span");
  private wasConnected = false;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly syncer: Syncer) {
    byId("identity").textContent = syncer.identity;
    syncer.on("state", ({ error }) => this.show(error?.message ?? ""));
    window.addEventListener("online", () => syncer.reconnect());
    this.show("");
  }

  peers(count: number): void {
    byId("peers").textContent = String(count);
  }

  private show(why: string): void {
    const { state } = this.syncer;
    this.state.dataset.state = state;
    this.state.lastElementChild!.textContent = WORDS[state];
    if (state === "connected") {
      this.wasConnected = true;
      this.hide();
    } else if (state === "disconnected") {
      this.say("The hub cannot be reached.", why);
    } else if (state === "refused") {
      this.say("The hub refused this page.", why);
    }
  }

  private say(what: string, why: string): void {
    const offline = this.wasConnected ? " What you change here is kept and sent when it is back." : "";
    this.banner.replaceChildren(
      h("strong", {}, what),
      h("span", { title: why }, why ? ` ${sentence(why)}` : "", offline, " ", this.countdown),
      h("button", { type: "button", onclick: () => this.syncer.reconnect() }, "Connect now"),
    );
    this.banner.hidden = false;
    clearInterval(this.timer);
    this.tick();
    this.timer = setInterval(() => this.tick(), 500);
  }

  private tick(): void {
    const left = this.syncer.retryAt - Date.now();
    this.countdown.textContent = left > 1000 ? `Next attempt in ${Math.ceil(left / 1000)} s.` : "";
  }

  private hide(): void {
    clearInterval(this.timer);
    this.banner.hidden = true;
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}
