// The clock that yjs sees. lib0 takes Date.now when it is loaded, so whoever wants virtual time imports this file first.
const real = Date.now
let now = null

Date.now = () => now ?? real()

/** From here on the time is `ms`; null gives the real one back. */
export const setTime = ms => { now = ms }
