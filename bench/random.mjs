// The numbers that benchmarks are made of, the same here and in apps/syncline/bench/random.hpp: Marsaglia's xorshift of
// 32 bits.
export function random () {
  let state = 0x9e3779b9
  const below = bound => {
    state ^= state << 13; state ^= state >>> 17; state ^= state << 5
    return (state >>> 0) % bound
  }
  /** Letters, between `least` and `most` of them. */
  const word = (least, most) => {
    let letters = ''
    for (let left = least + below(most - least + 1); left > 0; --left) letters += String.fromCharCode(97 + below(26))
    return letters
  }
  return { below, word }
}
