// @syncline/client: live data objects in browsers and Node.
export { Syncer } from "./syncer.js";
export type { CreateOptions, ReadOptions, SyncerEvents, SyncerOptions } from "./syncer.js";
export { DataObject, Remote } from "./data_object.js";
export type { DataObjectEvents, MayWrite, Refusal } from "./data_object.js";
export type { Change, Path } from "./changes.js";
export type { ConnectionState, WebSocketConstructor } from "./connection.js";
export type { EditOp, Entry, Json } from "./codec.js";
export { SynclineError } from "./error.js";
export { toShared } from "./json.js";
export type { Shareable } from "./json.js";
export type { Participant, Trace } from "./trace.js";
