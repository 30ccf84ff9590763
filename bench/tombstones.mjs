// The update of a document with a long past, byte for byte that of apps/syncline/bench/tombstones.cpp.
import { random } from './random.mjs'

const client = 2917483021
const noWord = -1

export function makeTombstones (bytes) {
  const draw = random()
  let structs = new Uint8Array(bytes + 64)
  let size = 0
  const u8 = byte => { structs[size++] = byte }
  const varUint = number => {
    for (; number > 0x7f; number = Math.floor(number / 128)) u8(0x80 | (number & 0x7f))
    u8(number)
  }
  const clocks = []
  const lengths = []
  const nexts = []
  let [left, right, units] = [noWord, noWord, 0]
  while (size < bytes) {
    const index = clocks.length
    if (index > 0 && draw.below(16) === 0) {
      left = draw.below(index)
      right = nexts[left]
    }
    const length = 1 + draw.below(8)
    u8(1 | (left !== noWord ? 0x80 : 0) | (right !== noWord ? 0x40 : 0))
    if (left !== noWord) { varUint(client); varUint(clocks[left] + lengths[left] - 1) }
    if (right !== noWord) { varUint(client); varUint(clocks[right]) }
    if (left === noWord && right === noWord) { varUint(1); varUint(4); for (const letter of 'text') u8(letter.charCodeAt(0)) }
    varUint(length)
    clocks.push(units)
    lengths.push(length)
    nexts.push(right)
    if (left !== noWord) nexts[left] = index
    right = index
    units += length
  }
  const body = structs.subarray(0, size)
  structs = new Uint8Array(64)
  size = 0
  for (const number of [1, clocks.length, client, 0]) varUint(number)
  const head = structs.slice(0, size)
  size = 0
  for (const number of [1, client, 1, 0, units]) varUint(number)
  const update = new Uint8Array(head.length + body.length + size)
  update.set(head)
  update.set(body, head.length)
  update.set(structs.subarray(0, size), head.length + body.length)
  return { update, structs: clocks.length, units }
}
