// Runs documents of yjs and writes down every step with what yjs answered: a scenario.
//
// scenario.cpp repeats a scenario with our engine and expects the same answers, byte for byte where
// they are bytes. make_golden.mjs makes the scenarios that are checked in.
import * as Y from 'yjs'

const hex = bytes => Buffer.from(bytes).toString('hex')
const constructors = {
  array: Y.Array, map: Y.Map, text: Y.Text, 'xml-fragment': Y.XmlFragment,
  'xml-element': Y.XmlElement, 'xml-text': Y.XmlText, 'xml-hook': Y.XmlHook
}

/** A tagged value (docs: ENGINE) as yjs takes it. */
export const toYjs = v => {
  if (v === null || typeof v !== 'object') return v
  if (Array.isArray(v)) return v.map(toYjs)
  if ('$undefined' in v) return undefined
  if ('$bigint' in v) return BigInt(v.$bigint)
  if ('$bytes' in v) return new Uint8Array(Buffer.from(v.$bytes, 'hex'))
  if ('$float' in v) return Number(v.$float)
  switch (v.$type) {
    case undefined: return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, toYjs(x)]))
    case 'doc': return new Y.Doc({ guid: v.guid, ...v.options })
    case 'map': return new Y.Map(Object.entries(v.entries ?? {}).map(([k, x]) => [k, toYjs(x)]))
    case 'array': return Y.Array.from((v.values ?? []).map(toYjs))
    case 'text': return new Y.Text(v.text ?? '')
    case 'xml-text': return new Y.XmlText(v.text ?? '')
    case 'xml-hook': return new Y.XmlHook(v.name)
    case 'xml-fragment': case 'xml-element': {
      const it = v.$type === 'xml-element' ? new Y.XmlElement(v.name) : new Y.XmlFragment()
      it.insert(0, (v.values ?? []).map(toYjs))
      for (const [k, x] of Object.entries(v.entries ?? {})) it.setAttribute(k, toYjs(x))
      return it
    }
  }
  throw new Error('unknown value ' + JSON.stringify(v))
}

/** What yjs holds, as a tagged value. */
export const fromYjs = v => {
  if (v === undefined) return { $undefined: true }
  if (typeof v === 'bigint') return { $bigint: v.toString() }
  if (typeof v === 'number' && (!Number.isFinite(v) || Object.is(v, -0))) return { $float: Object.is(v, -0) ? '-0' : String(v) }
  if (v === null || typeof v !== 'object') return v
  if (v instanceof Uint8Array) return { $bytes: hex(v) }
  if (v instanceof Y.Doc) return {}
  if (v instanceof Y.AbstractType) return fromYjs(v.toJSON())
  if (Array.isArray(v)) return v.map(fromYjs)
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, fromYjs(x)]))
}

const eventOf = event => ({
  path: event.path,
  keys: Object.fromEntries([...event.changes.keys].map(([k, c]) =>
    [k, c.action === 'add' ? { action: c.action } : { action: c.action, old: c.oldValue instanceof Y.AbstractType ? { $ignored: true } : fromYjs(c.oldValue) }])),
  delta: event.changes.delta.map(op => {
    if ('insert' in op) {
      const insert = typeof op.insert === 'string' || Array.isArray(op.insert) ? fromYjs(op.insert) : [fromYjs(op.insert)]
      return op.attributes ? { insert, attributes: op.attributes } : { insert }
    }
    return op
  })
})

export class World {
  constructor () {
    this.docs = {}
    this.steps = []
  }

  record (step) { this.steps.push(step) }

  make (doc, client, gc = true) {
    const ydoc = new Y.Doc({ gc })
    ydoc.clientID = client
    // The engine does not tidy formats yet; neither shall yjs.
    ydoc.on('afterTransaction', tr => { tr._needFormattingCleanup = false })
    const state = { ydoc, updates: [], updates_v2: [], events: [] }
    ydoc.on('update', u => state.updates.push(u))
    ydoc.on('updateV2', u => state.updates_v2.push(u))
    this.docs[doc] = state
    this.record({ do: 'new', doc, client, gc })
    return ydoc
  }

  type (doc, [root, kind, ...path]) {
    let it = this.docs[doc].ydoc.get(root, kind === 'unknown' ? undefined : constructors[kind])
    for (const step of path) it = typeof step === 'string' ? (it.getAttribute ? it.getAttribute(step) : it.get(step)) : it.get(step)
    return it
  }

  observe (doc, target) {
    this.type(doc, target).observeDeep(events => { this.docs[doc].events.push(...events.map(eventOf)) })
    this.record({ do: 'observe', doc, target })
  }

  #answers (doc) {
    const state = this.docs[doc]
    const first = updates => updates.length > 0 ? hex(updates[0]) : null
    const answer = { update: first(state.updates), update_v2: first(state.updates_v2), events: state.events }
    if (state.updates.length > 1) throw new Error('more than one update')
    state.updates = []
    state.updates_v2 = []
    state.events = []
    return answer
  }

  transact (doc, ...ops) {
    this.docs[doc].ydoc.transact(() => {
      for (const [op, target, ...args] of ops) {
        const it = this.type(doc, target)
        if (op === 'text.insert') it.insert(args[0], args[1])
        else if (op === 'text.delete') it.delete(args[0], args[1])
        else if (op === 'array.insert') it.insert(args[0], args[1].map(toYjs))
        else if (op === 'array.push') it.push(args[0].map(toYjs))
        else if (op === 'array.delete') it.delete(args[0], args[1])
        else if (op === 'map.set') it.setAttribute && !(it instanceof Y.Map) ? it.setAttribute(args[0], toYjs(args[1])) : it.set(args[0], toYjs(args[1]))
        else if (op === 'map.delete') it.removeAttribute && !(it instanceof Y.Map) ? it.removeAttribute(args[0]) : it.delete(args[0])
        else throw new Error('unknown op ' + op)
      }
    })
    const answer = this.#answers(doc)
    this.record({ do: 'transact', doc, ops, ...answer })
    return answer.update === null ? null : Buffer.from(answer.update, 'hex')
  }

  apply (doc, update) {
    const { ydoc } = this.docs[doc]
    Y.applyUpdate(ydoc, update)
    const answer = this.#answers(doc)
    this.record({ do: 'apply', doc, bytes: hex(update), ...answer })
    return answer.update === null ? null : Buffer.from(answer.update, 'hex')
  }

  check (doc) {
    const { ydoc } = this.docs[doc]
    const roots = {}
    for (const [name, type] of ydoc.share) {
      const kind = Object.keys(constructors).find(k => type.constructor === constructors[k])
      roots[name] = kind === undefined ? { kind: 'unknown' } : { kind, json: fromYjs(type) }
    }
    this.record({
      do: 'check', doc, state: hex(Y.encodeStateAsUpdate(ydoc)), state_v2: hex(Y.encodeStateAsUpdateV2(ydoc)),
      snapshot: hex(Y.encodeSnapshot(Y.snapshot(ydoc))), vector: hex(Y.encodeStateVector(ydoc)),
      pending: [ydoc.store.pendingStructs !== null, ydoc.store.pendingDs !== null], roots
    })
  }

  since (doc, vector) {
    const state = Y.encodeStateAsUpdate(this.docs[doc].ydoc, vector)
    this.record({ do: 'since', doc, vector: hex(vector), state: hex(state), state_v2: hex(Y.encodeStateAsUpdateV2(this.docs[doc].ydoc, vector)) })
    return state
  }

  merge (updates) {
    const result = Y.mergeUpdates(updates)
    const resultV2 = Y.mergeUpdatesV2(updates.map(Y.convertUpdateFormatV1ToV2))
    this.record({ do: 'merge', updates: updates.map(hex), result: hex(result), result_v2: hex(resultV2) })
    return result
  }

  diff (update, vector) {
    const result = Y.diffUpdate(update, vector)
    const resultV2 = Y.diffUpdateV2(Y.convertUpdateFormatV1ToV2(update), vector)
    this.record({ do: 'diff', bytes: hex(update), vector: hex(vector), result: hex(result), result_v2: hex(resultV2) })
    return result
  }

  vectorOf (update) {
    this.record({ do: 'vector_of', bytes: hex(update), result: hex(Y.encodeStateVectorFromUpdate(update)) })
  }

  recode (update) {
    const converted = Y.convertUpdateFormatV1ToV2(update)
    const pairs = clocks => [...clocks].sort((a, b) => b[0] - a[0])
    const { from, to } = Y.parseUpdateMeta(update)
    this.record({
      do: 'recode', bytes: hex(update), converted: hex(converted), back: hex(Y.convertUpdateFormatV2ToV1(converted)),
      obfuscated: hex(Y.obfuscateUpdate(update)), obfuscated_v2: hex(Y.obfuscateUpdateV2(converted)), from: pairs(from), to: pairs(to)
    })
  }

  /** What `from` held at one of its snapshots, as a document of its own. */
  restore (from, snapshot, doc, client) {
    const ydoc = this.make(doc, client)
    this.steps.pop()
    Y.createDocFromSnapshot(this.docs[from].ydoc, snapshot, ydoc)
    ydoc.clientID = client
    this.docs[doc].updates = []
    this.docs[doc].updates_v2 = []
    this.record({ do: 'restore', from, snapshot: hex(Y.encodeSnapshot(snapshot)), snapshot_v2: hex(Y.encodeSnapshotV2(snapshot)), doc, client })
  }

  contains (snapshot, update) {
    this.record({ do: 'contains', snapshot: hex(Y.encodeSnapshot(snapshot)), bytes: hex(update), result: Y.snapshotContainsUpdate(snapshot, update) })
  }

  yjs (doc) { return this.docs[doc].ydoc }
}
