// Two answers to one request, compared; what may differ is what docs/yjs-compatibility.md lists.
import { canonicalJson } from './values.mjs'

/** Overlapping, unsorted or touching ranges are one and the same deletion. */
function tidyRanges (deletes) {
  const out = []
  const sorted = [...deletes].sort((a, b) => a.client - b.client || a.clock - b.clock || a.length - b.length)
  for (const range of sorted) {
    const last = out.at(-1)
    if (last !== undefined && last.client === range.client && range.clock <= last.clock + last.length) {
      last.length = Math.max(last.length, range.clock + range.length - last.clock)
    } else {
      out.push({ ...range })
    }
  }
  return out
}

function comparable (answer, request, { v2 }) {
  const json = structuredClone(answer)
  if (json.error !== undefined) delete json.error.message
  const told = json.ok ? json : json.error
  if (!v2) for (const part of [told, ...(told.more ?? [])]) delete part.update_v2
  if (told.events !== undefined && told.events.length === 0) delete told.events
  // Both drew an id; that they did is what is compared.
  if (json.client !== undefined) json.client = 'drawn'
  if (request?.op === 'update.inspect' && json.deletes !== undefined) json.deletes = tidyRanges(json.deletes)
  return canonicalJson(json)
}

/** Null where the answers are the same; else a line about each. */
export function difference (request, ours, theirs, options) {
  const [left, right] = [comparable(ours, request, options), comparable(theirs, request, options)]
  return left === right ? null : { ours: left, theirs: right }
}
