// An editing session of the shape people produce (bursts of typing, backspacing, jumps), the same for the same number
// of edits, for where no recording is given.

/** A sequential recording. */
export function generate (edits) {
  let state = 0x9e3779b9
  const random = (n) => {
    state ^= state << 13; state ^= state >>> 17; state ^= state << 5
    return (state >>> 0) % n
  }
  const letters = 'etaoin shrdlu cmfwyp vbgkjq xz.\n'
  const text = []
  const txns = []
  let cursor = 0
  while (txns.length < edits) {
    if (random(40) === 0) cursor = random(text.length + 1)
    if (random(6) === 0 && cursor > 0) {
      const removed = Math.min(cursor, 1 + random(4))
      for (let i = 0; i < removed && txns.length < edits; i++) {
        cursor--
        text.splice(cursor, 1)
        txns.push({ patches: [[cursor, 1, '']] })
      }
    } else {
      const burst = 1 + random(12)
      for (let i = 0; i < burst && txns.length < edits; i++) {
        const letter = letters[random(letters.length)]
        text.splice(cursor, 0, letter)
        txns.push({ patches: [[cursor, 0, letter]] })
        cursor++
      }
    }
  }
  return { startContent: '', endContent: text.join(''), txns }
}
