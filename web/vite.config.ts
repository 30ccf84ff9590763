// Builds the demo page. The client comes from its sources, so that a change there needs no build in between; `vite dev`
// passes the sockets on to a hub on the default port.
import { defineConfig } from "vite";

export default defineConfig({
  resolve: {
    alias: { "@syncline/client": new URL("../clients/js/src/index.ts", import.meta.url).pathname },
    // Two copies of Yjs in one page would not know each other's types.
    dedupe: ["yjs", "lib0", "y-protocols"],
  },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    // CodeMirror is most of it, and it comes from this machine.
    chunkSizeWarningLimit: 1500,
  },
  server: { proxy: { "/sync": { target: "ws://127.0.0.1:4455", ws: true } } },
});
