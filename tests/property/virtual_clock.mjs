// lib0 takes hold of Date.now when it is loaded; importing this first gives it a clock that tests set.
const wall = Date.now
export const clock = { ms: 1_000_000 }
Date.now = () => clock.ms
/** For everybody who looks Date.now up from here on. */
export const giveWallClockBack = () => { Date.now = wall }
