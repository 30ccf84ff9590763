// A random program of requests for `syncline engine`. It is written while it runs: each request depends on what yjs
// answered to those before (which types there are, which updates, positions and snapshots can be used).
import * as Y from 'yjs'
import { keys, someInput, someText, someValue } from '../property/support.mjs'
import { base64, bytes, constructors, kindOf } from './values.mjs'

/** What a program may use; `base` is always in. */
export const groups = ['base', 'format', 'xml', 'v2', 'undo', 'position', 'snapshot', 'subdoc', 'hostile']

/** The roots that targets name. Some stay without a type until a target names them. */
const roots = { t: 'text', m: 'map', a: 'array', u: 'text', x: 'xml-fragment', e: 'xml-element', y: 'xml-text' }
const names = ['p', 'LI', 'x-y', '']
const marks = ['bold', 'italic', 'color']
const origins = ['', 'x', 'y', 7, null]

/**
 * A text that held formats before it was first opened: yjs forgets them until the next one comes, and where a plain
 * insertion goes then depends on its search markers.
 */
function hasFormats (type) {
  for (let item = type._start; item !== null; item = item.right) if (item.content instanceof Y.ContentFormat) return true
  return false
}

export class Program {
  /** `oracle` is asked for nothing but to look at its documents. */
  constructor (chance, chosen, oracle, prefix) {
    this.chance = chance
    this.oracle = oracle
    this.has = Object.fromEntries(groups.map(group => [group, chosen.includes(group)]))
    this.prefix = prefix
    this.docs = []
    this.undoers = []
    this.log = []
    this.positions = []
    this.snapshots = []
    this.taken = new Set()
    this.ms = 1_000_000
    this.serial = 0
    this.ended = false
    this.ahead = this.beginning()
    this.roots = Object.keys(roots).filter(name => this.has.xml || !roots[name].startsWith('xml'))
  }

  // ---- the shape of a program ----

  * beginning () {
    const { chance } = this
    if (this.has.undo) yield { op: 'clock.set', ms: this.ms }
    for (let n = chance.weighted([[2, 1], [3, 2], [2, 3], [1, 4]]); n > 0; --n) yield this.newDoc()
    for (const doc of this.docs) {
      for (const root of this.roots) if (doc.observable && chance.chance(0.6)) yield { op: 'doc.observe', doc: doc.name, target: this.rootTarget(root), deep: chance.chance(0.7) }
      if (this.has.undo && chance.chance(0.6)) yield this.newUndoer(doc)
    }
  }

  /** Delivers what documents still lack and looks at everything once more. */
  * ending () {
    for (const doc of this.docs) {
      for (const update of this.chance.shuffled(doc.missing.splice(0))) yield this.applyOf(doc, update)
      yield * this.looks(doc)
    }
    for (const { name } of this.undoers) yield { op: 'undo.stack', undo: name }
    for (const { name } of this.docs) yield { op: 'doc.drop', doc: name }
  }

  * looks (doc) {
    const targets = [...this.docOf(doc).share].filter(([name, type]) => roots[name] === kindOf(type)).map(([name]) => this.rootTarget(name))
    yield { op: 'doc.encode', doc: doc.name }
    if (this.has.v2) yield { op: 'doc.encode', doc: doc.name, format: 2 }
    yield { op: 'doc.state_vector', doc: doc.name }
    yield { op: 'doc.pending', doc: doc.name }
    yield { op: 'doc.roots', doc: doc.name }
    yield { op: 'doc.json', doc: doc.name, targets }
    if (this.has.format) for (const target of targets) if (['text', 'xml-text'].includes(target.type)) yield { op: 'doc.delta', doc: doc.name, target }
  }

  /** The next request; none after the end. */
  next () {
    const { done, value } = this.ahead.next()
    if (!done) return value
    if (this.ended) return undefined
    const { chance } = this
    const doc = chance.pick(this.docs)
    if (doc.copy) return this.has.position && chance.chance(0.3) ? this.position(doc) : this.look(doc)
    const kind = chance.weighted([
      [50, 'transact'], [22, 'apply'], [8, 'look'], [6, 'updates'], [3, 'observe'], [2, 'wrong'], [1, 'newDoc'],
      [this.has.hostile ? 2 : 0, 'hostile'], [this.has.undo ? 16 : 0, 'undo'], [this.has.position ? 8 : 0, 'position'], [this.has.snapshot ? 8 : 0, 'snapshot']
    ])
    return this[kind](doc)
  }

  end () {
    this.ahead = this.ending()
    this.ended = true
  }

  /** Learns from an answer of yjs. */
  hear (request, answer) {
    const told = answer.ok ? answer : answer.error
    const made = told.update !== undefined && /^(doc\.(transact|apply)|undo\.)/.test(request.op) ? [told, ...(told.more ?? [])] : []
    if (made.length > 0) {
      const name = request.doc ?? this.undoers.find(undoer => undoer.name === request.undo).doc.name
      for (const { update, update_v2: second } of made) {
        const entry = { 1: update, 2: second }
        this.log.push(entry)
        // What a remote update made is for the others too where it is Yjs' own tidying.
        if (request.op !== 'doc.apply' || entry[1] !== told.update) for (const doc of this.docs) if (doc.name !== name && !doc.copy) doc.missing.push(entry)
      }
    }
    if (!answer.ok) {
      if (request.op === 'doc.new' || request.op === 'doc.from_snapshot') this.docs = this.docs.filter(doc => this.oracle.docs.has(doc.name))
      return
    }
    if (answer.position !== undefined) this.positions.push(answer.position)
    if (answer.snapshot !== undefined) this.snapshots.push({ doc: request.doc, snapshot: answer.snapshot })
    if (request.op.startsWith('update.') && answer.update !== undefined && request.to === undefined) this.log.push({ [request.format ?? 1]: answer.update })
  }

  // ---- documents ----

  docOf (doc) { return this.oracle.docs.get(doc.name).yjs }
  rootTarget (name) { return { root: name, type: roots[name] } }

  newDoc () {
    const { chance } = this
    const doc = { name: `${this.prefix}d${++this.serial}`, missing: [...this.log.filter(update => update[1] !== undefined)] }
    this.docs.push(doc)
    const tidy = !(this.has.format && chance.chance(0.15))
    // Where formats are not cleaned up yjs still deletes some once it is asked for an event's delta.
    doc.observable = tidy
    return {
      op: 'doc.new',
      doc: doc.name,
      client: chance.client(this.taken),
      ...(chance.chance(this.has.snapshot ? 0.5 : 0.2) ? { gc: false } : {}),
      ...(tidy ? {} : { cleanup: false })
    }
  }

  /** Every shared type that a target can name: [{type, kind, target}]. */
  places (doc) {
    const out = []
    const walk = (type, target) => {
      const kind = kindOf(type)
      out.push({ type, kind, target })
      if (out.length > 200) return
      const into = step => ({ ...target, path: [...(target.path ?? []), step] })
      for (const [key, item] of type._map) if (!item.deleted && item.content instanceof Y.ContentType) walk(item.content.type, into(key))
      let index = 0
      for (let item = type._start; item !== null; item = item.right) {
        if (item.deleted || !item.countable) continue
        if (item.content instanceof Y.ContentType) walk(item.content.type, into(index))
        index += item.length
      }
    }
    const { share } = this.docOf(doc)
    for (const name of this.roots) {
      const type = share.get(name)
      if (type !== undefined && kindOf(type) === 'unknown' && hasFormats(type)) continue
      if (type === undefined || kindOf(type) === 'unknown') out.push({ type: new constructors[roots[name]](), kind: roots[name], target: this.rootTarget(name), fresh: true })
      else walk(type, this.rootTarget(name))
    }
    return out
  }

  transact (doc) {
    const { chance } = this
    const places = this.places(doc).filter(place => place.kind !== 'xml-hook')
    const ops = []
    // An operation that follows another in the same transaction sees what that did; sizes are guessed here.
    for (let n = chance.weighted([[6, 1], [3, 2], [1, 5]]); n > 0; --n) ops.push(this.operation(chance.chance(0.75) ? chance.pick(places) : chance.pick(places.slice(-4))))
    return { op: 'doc.transact', doc: doc.name, ops, ...(chance.chance(0.2) ? { origin: chance.pick(origins) } : {}) }
  }

  operation ({ type, kind, target, fresh }) {
    const { chance } = this
    const length = fresh ? 0 : type.length
    const at = chance.chance(0.02) ? length + chance.from(1, 3) : chance.below(length + 1)
    const count = chance.chance(0.03) ? length + 1 : Math.max(chance.below(Math.min(length - at, 5) + 1), 0)
    switch (kind) {
      case 'map': return this.mapOperation(target)
      case 'array': return this.arrayOperation(target, length, at, count)
      case 'text': return this.textOperation(target, length, at, count)
      case 'xml-text': return chance.chance(0.2) ? this.attributeOperation(target) : this.textOperation(target, length, at, count)
      case 'xml-element': if (chance.chance(0.35)) return this.attributeOperation(target)
    }
    if (length > 0 && chance.chance(0.3)) return { op: 'xml.delete', target, at, length: count }
    return { op: 'xml.insert', target, at, values: Array.from({ length: chance.from(1, 2) }, () => this.xml()) }
  }

  mapOperation (target) {
    const { chance } = this
    const key = chance.pick(keys)
    if (chance.chance(0.04)) return { op: 'map.clear', target }
    if (chance.chance(0.25)) return { op: 'map.delete', target, key }
    return { op: 'map.set', target, key, value: this.input(false) }
  }

  arrayOperation (target, length, at, count) {
    const { chance } = this
    if (length > 0 && chance.chance(0.35)) return { op: 'array.delete', target, at, length: count }
    const values = Array.from({ length: chance.from(0, 3) }, () => this.input(true))
    if (chance.chance(0.01)) values.push({ $undefined: true })
    else if (chance.chance(0.01)) values.push({ $bigint: '5' })
    return chance.chance(0.3) ? { op: 'array.push', target, values } : { op: 'array.insert', target, at, values }
  }

  textOperation (target, length, at, count) {
    const { chance } = this
    const kind = chance.weighted([[5, 'insert'], [3, 'delete'], ...(this.has.format ? [[4, 'format'], [1, 'embed'], [2, 'delta']] : [])])
    const attributes = probability => this.has.format && chance.chance(probability) ? { attributes: this.attributes() } : {}
    switch (kind) {
      case 'delete': return { op: 'text.delete', target, at, length: count }
      case 'format': return { op: 'text.format', target, at, length: count, attributes: this.attributes() }
      case 'embed': return { op: 'text.embed', target, at, value: this.embed(), ...attributes(0.4) }
      case 'delta': return { op: 'text.apply_delta', target, delta: this.delta(length) }
    }
    return { op: 'text.insert', target, at, text: someText(chance), ...attributes(0.3) }
  }

  attributeOperation (target) {
    const { chance } = this
    const name = chance.pick(['id', 'class', 'Z'])
    return chance.chance(0.25) ? { op: 'xml.remove_attribute', target, name } : { op: 'xml.set_attribute', target, name, value: chance.chance(0.6) ? someText(chance) : this.input(false) }
  }

  // ---- values ----

  input (element) {
    const { chance } = this
    if (this.has.subdoc && chance.chance(0.06)) return this.subdoc()
    if (this.has.xml && chance.chance(0.06)) return chance.chance(0.2) ? { $type: 'xml-fragment', children: [this.xml(2)] } : this.xml(1)
    if (this.has.format && chance.chance(0.05)) return { $type: 'text', delta: this.delta(0) }
    return someInput(chance, 0, element)[0]
  }

  subdoc () {
    const { chance } = this
    const options = chance.weighted([[2, undefined], [1, {}], [1, { autoLoad: true }], [1, { gc: false, meta: someValue(chance, 1)[0] }], [1, { meta: null, shouldLoad: false }]])
    return { $type: 'doc', guid: `guid-${chance.below(5)}`, ...(options === undefined ? {} : { options }) }
  }

  xml (depth = 0) {
    const { chance } = this
    const attributes = Object.fromEntries(Array.from({ length: chance.below(3) }, () => [chance.pick(['id', 'class', 'Z']), someText(chance)]))
    switch (chance.weighted([[3, 'element'], [3, 'text'], [1, 'hook']])) {
      case 'element': return { $type: 'xml-element', name: chance.pick(names), attributes, children: Array.from({ length: depth > 2 ? 0 : chance.below(3) }, () => this.xml(depth + 1)) }
      case 'hook': return { $type: 'xml-hook', name: chance.pick(names) }
    }
    return this.has.format && chance.chance(0.3) ? { $type: 'xml-text', delta: this.delta(0) } : { $type: 'xml-text', text: someText(chance) }
  }

  attributes () {
    const { chance } = this
    return Object.fromEntries(Array.from({ length: chance.weighted([[1, 0], [6, 1], [2, 2]]) }, () =>
      [chance.pick(marks), chance.weighted([[4, true], [4, null], [2, 'red'], [1, 0.5], [1, { deep: [1.5, { x: null }] }], [1, [1]], [1, { href: 'a', n: 1 }]])]))
  }

  embed () {
    const { chance } = this
    return chance.weighted([[4, { image: someText(chance) }], [1, { a: { b: [0.1, null] } }], [1, 7], [1, true], [1, someInput(chance, 2)[0]], [1, { $type: 'map', entries: { k: 1 } }], [this.has.xml ? 1 : 0, { $type: 'xml-text', text: 'in' }]]) ?? { none: null }
  }

  delta (length) {
    const { chance } = this
    const ops = []
    for (let n = chance.from(1, 4); n > 0; --n) {
      const attributes = chance.chance(0.5) ? { attributes: this.attributes() } : {}
      const kind = length > 0 ? chance.pick(['insert', 'retain', 'delete']) : 'insert'
      const count = chance.below(Math.min(length, 6) + 1)
      ops.push(kind === 'insert' ? { insert: chance.chance(0.8) ? someText(chance) : this.embed(), ...attributes } : kind === 'retain' ? { retain: count, ...attributes } : { delete: count })
    }
    return ops
  }

  // ---- other requests ----

  version (update) { return this.has.v2 && update[2] !== undefined && (update[1] === undefined || this.chance.chance(0.4)) ? 2 : 1 }

  applyOf (doc, update, more = {}) {
    const format = this.version(update)
    return { op: 'doc.apply', doc: doc.name, update: update[format] ?? update[1], ...(format === 2 ? { format } : {}), ...more }
  }

  apply (doc) {
    const { chance } = this
    const more = chance.chance(0.15) ? { origin: chance.pick(origins) } : {}
    if (doc.missing.length > 0 && chance.chance(0.75)) {
      // Mostly in order; sometimes one is lost for the time being.
      const index = chance.chance(0.7) ? 0 : chance.below(doc.missing.length)
      const [update] = doc.missing.splice(index, 1)
      if (chance.chance(0.05)) doc.missing.push(update)
      return this.applyOf(doc, update, more)
    }
    const usable = this.log.filter(update => update[1] !== undefined || this.has.v2)
    if (usable.length > 0 && chance.chance(0.4)) return this.applyOf(doc, chance.pick(usable), more)
    const from = this.docOf(chance.pick(this.docs))
    const since = chance.chance(0.5) ? Y.encodeStateVector(this.docOf(chance.pick(this.docs))) : undefined
    return this.applyOf(doc, { 1: base64(Y.encodeStateAsUpdate(from, since)), 2: base64(Y.encodeStateAsUpdateV2(from, since)) }, more)
  }

  look (doc) {
    const { chance } = this
    const format = this.has.v2 && chance.chance(0.4) ? { format: 2 } : {}
    if (chance.chance(0.3)) return { op: 'doc.encode', doc: doc.name, since: this.vector(), ...format }
    if (chance.chance(0.3)) return { op: 'doc.encode', doc: doc.name, ...format }
    const places = this.places(doc)
    if (chance.chance(0.3)) return { op: 'doc.json', doc: doc.name, targets: [chance.pick(places).target, chance.pick(places).target] }
    const all = [...this.looks(doc)]
    return chance.pick(all)
  }

  vector () {
    const { chance } = this
    const vector = Y.decodeStateVector(Y.encodeStateVector(this.docOf(chance.pick(this.docs))))
    // Cut somewhere, also within what is one struct, or in the middle of a surrogate pair.
    for (const [client, clock] of vector) if (chance.chance(0.4)) vector.set(client, chance.below(clock + 2))
    return base64(Y.encodeStateVector(new Map([...vector].filter(([, clock]) => clock > 0))))
  }

  updates () {
    const { chance } = this
    const format = this.has.v2 && chance.chance(0.4) ? 2 : 1
    const usable = this.log.filter(update => update[format] !== undefined)
    if (usable.length === 0) return this.look(chance.pick(this.docs))
    const one = chance.pick(usable)[format]
    const tagged = format === 2 || chance.chance(0.1) ? { format } : {}
    switch (chance.weighted([[4, 'merge'], [3, 'diff'], [2, 'vector'], [2, 'inspect'], [2, 'convert']])) {
      case 'merge': return { op: 'update.merge', updates: Array.from({ length: chance.from(1, 6) }, () => chance.pick(usable)[format]), ...tagged }
      case 'diff': return { op: 'update.diff', update: one, since: this.vector(), ...tagged }
      case 'vector': return { op: 'update.state_vector', update: one, ...tagged }
      case 'inspect': return { op: 'update.inspect', update: one, ...tagged }
      case 'convert': return { op: 'update.convert', update: one, from: format, to: this.has.v2 ? chance.from(1, 2) : 1 }
    }
  }

  observe (doc) {
    const { chance } = this
    if (!doc.observable) return this.look(doc)
    const { target } = chance.pick(this.places(doc))
    return chance.chance(0.2) ? { op: 'doc.unobserve', doc: doc.name, target } : { op: 'doc.observe', doc: doc.name, target, deep: chance.chance(0.5) }
  }

  newUndoer (doc) {
    const { chance } = this
    const places = this.places(doc)
    const undoer = { name: `${this.prefix}u${++this.serial}`, doc }
    this.undoers.push(undoer)
    return {
      op: 'undo.new',
      undo: undoer.name,
      doc: doc.name,
      scope: chance.chance(0.3) ? 'doc' : Array.from({ length: chance.from(1, 3) }, () => chance.pick(places).target),
      ...(chance.chance(0.5) ? { capture_timeout: chance.pick([0, 0, 100, 5000]) } : {}),
      ...(chance.chance(0.3) ? { tracked_origins: chance.pick([['x'], [null, 'x'], ['y', 7], []]) } : {})
    }
  }

  undo (doc) {
    const { chance } = this
    if (this.undoers.length === 0 || chance.chance(0.05)) return this.newUndoer(doc)
    const { name } = chance.pick(this.undoers)
    const kind = chance.weighted([[6, 'undo'], [5, 'redo'], [2, 'stop_capturing'], [1, 'clear'], [2, 'stack'], [5, 'time']])
    if (kind !== 'time') return { op: `undo.${kind}`, undo: name }
    return { op: 'clock.set', ms: this.ms += chance.pick([0, 1, 99, 100, 499, 500, 1000]) }
  }

  position (doc) {
    const { chance } = this
    if (this.positions.length > 0 && chance.chance(0.6)) {
      return { op: 'position.resolve', doc: doc.name, position: chance.pick(this.positions), ...(chance.chance(0.3) ? { follow_undone: false } : {}) }
    }
    const { target, type, fresh } = chance.pick(this.places(doc).filter(({ kind }) => kind !== 'map' && kind !== 'xml-hook'))
    return { op: 'position.create', doc: doc.name, target, index: chance.below((fresh ? 0 : type.length) + 2), ...(chance.chance(0.6) ? { assoc: chance.from(-2, 2) } : {}) }
  }

  snapshot (doc) {
    const { chance } = this
    if (this.snapshots.length === 0 || chance.chance(0.4)) return { op: 'doc.snapshot', doc: doc.name }
    const { doc: name, snapshot } = chance.pick(this.snapshots)
    const kind = chance.weighted([[3, 'delta'], [1, 'from'], [2, 'contains']])
    if (kind === 'contains') {
      const usable = this.log.filter(update => update[1] !== undefined)
      if (usable.length > 0) return { op: 'snapshot.contains', snapshot, update: chance.pick(usable)[1] }
    }
    const source = this.docs.find(one => one.name === name)
    if (kind === 'from' && source !== undefined) {
      // It has its source's client id, so nothing is written there: that would say two things with one id.
      const made = { name: `${this.prefix}d${++this.serial}`, missing: [], copy: true }
      this.docs.push(made)
      return { op: 'doc.from_snapshot', doc: name, snapshot, as: made.name }
    }
    const texts = this.places(source ?? doc).filter(place => ['text', 'xml-text'].includes(place.kind))
    const { target } = chance.pick(texts)
    const own = this.snapshots.filter(one => one.doc === (source ?? doc).name)
    const some = name => own.length > 0 && chance.chance(0.7) ? { [name]: chance.pick(own).snapshot } : {}
    return { op: 'doc.delta', doc: (source ?? doc).name, target, ...some('snapshot'), ...some('previous') }
  }

  /** A request with one thing wrong. */
  wrong (doc) {
    const { chance } = this
    const transact = (...ops) => ({ op: 'doc.transact', doc: doc.name, ops })
    const places = this.places(doc)
    const { target, kind } = chance.pick(places)
    const good = this.operation(chance.pick(places.filter(place => place.kind !== 'xml-hook')))
    const bad = chance.pick([
      { op: 'text.insert', target, at: -1, text: '' }, { op: 'nonsense' }, 7, null, { op: 'map.set', target: { root: 'm', type: 'map' }, key: 1, value: 1 },
      { op: 'array.insert', target: { root: 'a', type: 'array' }, at: 0, values: 'x' }, { op: 'map.set', target: { root: 'm', type: 'map' }, key: 'k', value: { $bigint: 'x' } },
      { op: 'map.clear', target: { root: 'm', type: 'map', path: ['no', 'where'] } }, { op: 'array.push', target: { root: 'a', type: 'array', path: [99] }, values: [] },
      { op: 'map.clear', target: { root: 'm', type: 'nothing' } }, { op: kind === 'map' ? 'array.push' : 'map.delete', target, values: [], key: 'k' },
      { op: 'text.delete', target: { root: 't', type: 'map' }, at: 0, length: 1 }
    ])
    return chance.pick([
      transact(good, bad, good), transact(bad), { op: 'doc.encode', doc: 'nobody' }, { op: 'doc.nonsense' }, { op: 'doc.new', doc: doc.name, client: 1 }, { op: 'doc.apply', doc: doc.name, update: '*' },
      { op: 'doc.apply', doc: doc.name }, { op: 'doc.json', doc: doc.name, targets: {} }, { op: 'update.merge', updates: [] }, { op: 'update.diff', update: 'AAA=', since: 'gA==' },
      { op: 'doc.encode', doc: doc.name, since: '////' }, { op: 'doc.encode', doc: doc.name, format: 3 }, { doc: doc.name }, { op: 'doc.drop', doc: 7 }, { op: 'doc.apply', doc: doc.name, update: '' }
    ])
  }

  /** An update that somebody has damaged. */
  hostile (doc) {
    const { chance } = this
    const format = this.has.v2 && chance.chance(0.5) ? 2 : 1
    const usable = this.log.filter(update => update[format] !== undefined)
    if (usable.length === 0) return this.wrong(doc)
    let update = bytes(chance.pick(usable)[format])
    for (let n = chance.weighted([[4, 1], [1, 2], [1, 4]]); n > 0 && update.length > 0; --n) {
      const at = chance.below(update.length)
      const tail = update.slice(at + 1)
      update = chance.weighted([
        [4, () => Uint8Array.from([...update.slice(0, at), update[at] ^ (1 << chance.below(8)), ...tail])],
        [2, () => Uint8Array.from([...update.slice(0, at), chance.below(256), ...tail])],
        [1, () => Uint8Array.from([...update.slice(0, at), ...tail])],
        [1, () => Uint8Array.from([...update.slice(0, at), chance.below(256), ...update.slice(at)])],
        [2, () => update.slice(0, at)]
      ])()
    }
    const what = { update: base64(update), ...(format === 2 ? { format } : {}) }
    return chance.weighted([[4, { op: 'doc.apply', doc: doc.name, ...what }], [1, { op: 'update.inspect', ...what }], [1, { op: 'update.state_vector', ...what }], [1, { op: 'update.merge', ...what, update: undefined, updates: [what.update] }]])
  }
}
