// The line protocol of docs/ENGINE.md answered by yjs itself: the other side of every comparison in this folder.
//
// `node oracle.mjs` reads lines and writes answers as `syncline engine` does; differ.mjs uses the class in its own
// process. Where yjs throws, the code of the contract is answered; where it fails in a way no code stands for, Broken
// is thrown: from there on yjs says nothing that could be compared.
import { setTime } from './virtual_time.mjs'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import * as Y from 'yjs'
import { Refusal, badRequest, base64, bytesOf, canonicalJson, constructors, kindOf, readAttributes, readDelta, readEmbed, readInput, readValue, writeValue } from './values.mjs'

// Yjs tells on the console what the answers tell; on standard output that would be a line of the protocol.
const { log } = console
console.log = (...words) => { if (!String(words[0]).includes('[yjs]')) log(...words) }

/** Yjs failed where the contract has no word for it, perhaps halfway. */
export class Broken extends Error {}

const refuse = (code, message) => { throw new Refusal(code, message) }
const isObject = value => value !== null && typeof value === 'object' && !Array.isArray(value)

// ---- fields ----

const field = (object, name) => Object.hasOwn(object, name) ? object[name] : badRequest(`"${name}" is missing`)
const text = (object, name) => typeof field(object, name) === 'string' ? object[name] : badRequest(`"${name}" must be a string`)
const list = (object, name) => Array.isArray(field(object, name)) ? object[name] : badRequest(`"${name}" must be an array`)
const whole = (object, name) => Number.isSafeInteger(field(object, name)) && object[name] >= 0 ? object[name] : badRequest(`"${name}" must be a whole number`)
const binary = (object, name) => bytesOf(field(object, name), name)
function flag (object, name, fallback) {
  if (!Object.hasOwn(object, name)) return fallback
  return typeof object[name] === 'boolean' ? object[name] : badRequest(`"${name}" must be a boolean`)
}
function format (object, name = 'format') {
  if (!Object.hasOwn(object, name) && name === 'format') return 1
  return [1, 2].includes(field(object, name)) ? object[name] : badRequest(`"${name}" must be 1 or 2`)
}
const origin = object => Object.hasOwn(object, 'origin') ? readValue(object.origin) : null

/** What reading someone's bytes throws is their malformation. */
function reading (read) {
  try {
    return read()
  } catch (error) {
    refuse('malformed_update', error.message)
  }
}

const versions = {
  1: { decode: Y.decodeUpdate, apply: Y.applyUpdate, encode: Y.encodeStateAsUpdate, merge: Y.mergeUpdates, diff: Y.diffUpdate, vector: Y.encodeStateVectorFromUpdate },
  2: { decode: Y.decodeUpdateV2, apply: Y.applyUpdateV2, encode: Y.encodeStateAsUpdateV2, merge: Y.mergeUpdatesV2, diff: Y.diffUpdateV2, vector: Y.encodeStateVectorFromUpdateV2 }
}

/**
 * An update as its structs and deletions. Beyond what yjs throws at, refuses what docs/yjs-compatibility.md counts as malformed, too:
 * Yjs ignores it, or fails at it halfway.
 */
function decoded (update, version) {
  return reading(() => {
    const { decode } = versions[version]
    const result = decode(update)
    if (reads(() => decode(update.subarray(0, -1)))) throw new Error('bytes after the end')
    for (const struct of result.structs) {
      const ids = [struct.id, struct.origin, struct.rightOrigin, struct.parent].filter(id => id instanceof Y.ID)
      if (ids.some(({ client, clock }) => client > Number.MAX_SAFE_INTEGER || clock > Number.MAX_SAFE_INTEGER)) throw new Error('an id past 2^53')
      const forward = id => id instanceof Y.ID && id.client === struct.id.client && id.clock >= struct.id.clock
      if (struct.length === 0) throw new Error('a struct of length 0')
      if (struct.id.clock + struct.length > Number.MAX_SAFE_INTEGER) throw new Error('a struct ends past 2^53')
      if (struct instanceof Y.Item && [struct.origin, struct.rightOrigin, struct.parent].some(forward)) throw new Error('a reference forward in one client')
    }
    for (const ranges of result.ds.clients.values()) {
      for (const { clock, len } of ranges) if (clock + len > Number.MAX_SAFE_INTEGER) throw new Error('a deleted range ends past 2^53')
    }
    return result
  })
}

function reads (read) {
  try {
    read()
    return true
  } catch {
    return false
  }
}

// ---- targets ----

/** The type that an item before, or at, a position of visible units holds. */
function typeAt (parent, index) {
  if (index < 0) return undefined
  for (let item = parent._start; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue
    if (index < item.length) return item.content.type
    index -= item.length
  }
}

function stepInto (type, step) {
  if (typeof step === 'number') return type instanceof Y.Map ? undefined : typeAt(type, step)
  const item = type._map.get(step)
  return item === undefined || item.deleted ? undefined : item.content.type
}

export function resolve (doc, target) {
  if (!isObject(target)) badRequest('a target must be an object')
  const name = text(target, 'root')
  const kind = text(target, 'type')
  if (!Object.hasOwn(constructors, kind)) badRequest(`there is no type "${kind}"`)
  const path = Object.hasOwn(target, 'path') ? list(target, 'path') : []
  for (const step of path) if (typeof step !== 'string' && !Number.isSafeInteger(step)) badRequest('a step is a key or an index')
  let type
  try {
    type = doc.get(name, constructors[kind])
  } catch (error) {
    refuse('type_mismatch', error.message)
  }
  for (const step of path) {
    type = stepInto(type, step)
    if (type === undefined) refuse('unknown_target', `nothing at ${JSON.stringify(path)}`)
  }
  return type
}

/** The target that names a type now. */
function targetOf (doc, type) {
  if (type._item !== null && type._item.deleted) return null
  const path = []
  let root = type
  while (root._item !== null) {
    const { parent, parentSub } = root._item
    let step = parentSub
    if (step === null) {
      step = 0
      for (let item = parent._start; item !== root._item; item = item.right) if (!item.deleted && item.countable) step += item.length
    }
    path.unshift(step)
    root = parent
  }
  const [name] = [...doc.share].find(([, shared]) => shared === root)
  return { root: name, type: kindOf(root), ...(path.length > 0 ? { path } : {}) }
}

// ---- operations inside doc.transact ----

// A hook is a map, in Yjs too.
const wants = (type, ...classes) => classes.some(one => type instanceof one) ? type : refuse('type_mismatch', `not for a ${kindOf(type)}`)
const texts = [Y.Text]
const elements = [Y.XmlFragment]
const attributed = [Y.XmlElement, Y.XmlText]

/** What Yjs says of elements it does not take; some of it is a TypeError. */
function insertInto (type, insert) {
  try {
    insert()
  } catch (error) {
    // Its search markers counted what was not inserted; they are forgotten, as a remote change makes Yjs do.
    forgetMarkers(type)
    if (error.message === 'Length exceeded!') refuse('out_of_range', error.message)
    if (/^Unexpected content type|reading 'constructor'/.test(error.message)) refuse('not_supported', error.message)
    throw error
  }
}

function removeFrom (type, at, length) {
  try {
    type.delete(at, length)
  } catch (error) {
    forgetMarkers(type)
    if (error.message === 'Length exceeded!') refuse('out_of_range', error.message)
    throw error
  }
}

function forgetMarkers (type) { if (type._searchMarker) type._searchMarker = [] }

/** Each reads its fields first, so that an ill-typed one changes nothing. */
const operations = {
  'text.insert' (find, op) {
    const [at, string, attributes] = [whole(op, 'at'), text(op, 'text'), readAttributes(op.attributes)]
    wants(find(), ...texts).insert(at, string, attributes)
  },
  'text.embed' (find, op) {
    const [at, value, attributes] = [whole(op, 'at'), readEmbed(field(op, 'value')), readAttributes(op.attributes)]
    wants(find(), ...texts).insertEmbed(at, value, attributes)
  },
  'text.format' (find, op) {
    field(op, 'attributes')
    const [at, length, attributes] = [whole(op, 'at'), whole(op, 'length'), readAttributes(op.attributes)]
    wants(find(), ...texts).format(at, length, attributes)
  },
  'text.delete' (find, op) {
    const [at, length] = [whole(op, 'at'), whole(op, 'length')]
    const type = wants(find(), ...texts)
    // In a text that never held anything Yjs does not clip, but stumbles over its own null.
    if (type._start !== null) type.delete(at, length)
  },
  'text.apply_delta' (find, op) {
    const delta = readDelta(field(op, 'delta'))
    wants(find(), ...texts).applyDelta(delta)
  },
  'array.insert' (find, op) {
    const [at, values] = [whole(op, 'at'), list(op, 'values').map(readInput)]
    const type = wants(find(), Y.Array)
    insertInto(type, () => type.insert(at, values))
  },
  'array.push' (find, op) {
    const values = list(op, 'values').map(readInput)
    const type = wants(find(), Y.Array)
    insertInto(type, () => type.push(values))
  },
  'array.delete' (find, op) {
    const [at, length] = [whole(op, 'at'), whole(op, 'length')]
    removeFrom(wants(find(), Y.Array), at, length)
  },
  'map.set' (find, op) {
    const [key, value] = [text(op, 'key'), readInput(field(op, 'value'))]
    wants(find(), Y.Map).set(key, value)
  },
  'map.delete' (find, op) {
    const key = text(op, 'key')
    wants(find(), Y.Map).delete(key)
  },
  'map.clear' (find) { wants(find(), Y.Map).clear() },
  'xml.insert' (find, op) {
    const [at, values] = [whole(op, 'at'), list(op, 'values').map(readInput)]
    const type = wants(find(), ...elements)
    insertInto(type, () => type.insert(at, values))
  },
  'xml.delete' (find, op) {
    const [at, length] = [whole(op, 'at'), whole(op, 'length')]
    removeFrom(wants(find(), ...elements), at, length)
  },
  'xml.set_attribute' (find, op) {
    const [name, value] = [text(op, 'name'), readInput(field(op, 'value'))]
    wants(find(), ...attributed).setAttribute(name, value)
  },
  'xml.remove_attribute' (find, op) {
    const name = text(op, 'name')
    wants(find(), ...attributed).removeAttribute(name)
  }
}

function operate (doc, op) {
  if (!isObject(op)) badRequest('an operation must be an object')
  const name = text(op, 'op')
  if (!Object.hasOwn(operations, name)) badRequest(`there is no operation "${name}"`)
  operations[name](() => resolve(doc, field(op, 'target')), op)
}

// ---- documents ----

/** What an operation of an event's delta is on the wire. */
const deltaOf = ops => ops.map(op => ({
  ...('insert' in op ? { insert: Array.isArray(op.insert) ? op.insert.map(writeValue) : writeValue(op.insert) } : {}),
  ...('retain' in op ? { retain: op.retain } : {}),
  ...('delete' in op ? { delete: op.delete } : {}),
  ...(op.attributes && Object.keys(op.attributes).length > 0 ? { attributes: writeValue(op.attributes) } : {})
}))

function eventOf (event, target) {
  const type = event.target
  const isText = type instanceof Y.Text
  const keys = [...event.keys].map(([key, { action, oldValue }]) => [key, action === 'add' ? { action } : { action, old: writeValue(oldValue) }])
  return {
    target,
    path: event.path,
    type: isText ? 'text' : type instanceof Y.XmlHook || type instanceof Y.XmlFragment ? 'xml' : type instanceof Y.Map ? 'map' : 'array',
    keys: Object.fromEntries(keys),
    // `changes.delta` of a text's event is its own delta only once somebody has asked for that.
    delta: type instanceof Y.Map ? [] : deltaOf(isText ? event.delta : event.changes.delta)
  }
}

class Document {
  constructor (options, cleanup) {
    this.yjs = new Y.Doc(options)
    if (!cleanup) this.yjs.on('afterTransaction', transaction => { transaction._needFormattingCleanup = false })
    this.first = []
    this.second = []
    this.events = []
    this.observers = []
    this.yjs.on('update', update => this.first.push(base64(update)))
    this.yjs.on('updateV2', update => this.second.push(base64(update)))
  }

  observe (target, deep) {
    const type = resolve(this.yjs, target)
    const hear = deep ? batch => this.events.push(...batch.map(event => eventOf(event, target))) : event => this.events.push(eventOf(event, target))
    deep ? type.observeDeep(hear) : type.observe(hear)
    this.observers.push({ target: canonicalJson(target), end: () => deep ? type.unobserveDeep(hear) : type.unobserve(hear) })
  }

  unobserve (target) {
    const ended = canonicalJson(target)
    for (const observer of this.observers) if (observer.target === ended) observer.end()
    this.observers = this.observers.filter(observer => observer.target !== ended)
  }

  /** The members of an answer that tell what has changed. */
  takeChanges () {
    const updates = this.first.map((update, i) => ({ update, update_v2: this.second[i] }))
    const more = updates.splice(1)
    const answer = { ...updates[0], ...(more.length > 0 ? { more } : {}), events: this.events }
    this.first = []
    this.second = []
    this.events = []
    return answer
  }
}

// ---- requests ----

const structKinds = new Map([
  [Y.GC, 'gc'], [Y.Skip, 'skip'], [Y.ContentDeleted, 'deleted'], [Y.ContentJSON, 'json'], [Y.ContentBinary, 'binary'], [Y.ContentString, 'string'],
  [Y.ContentEmbed, 'embed'], [Y.ContentFormat, 'format'], [Y.ContentType, 'type'], [Y.ContentAny, 'any'], [Y.ContentDoc, 'doc']
])

function inspect (struct) {
  const id = ({ client, clock }) => ({ client, clock })
  const kind = structKinds.get(struct instanceof Y.Item ? struct.content.constructor : struct.constructor)
  const out = { id: id(struct.id), length: struct.length, kind }
  if (!(struct instanceof Y.Item)) return out
  if (struct.origin !== null) out.origin = id(struct.origin)
  if (struct.rightOrigin !== null) out.right_origin = id(struct.rightOrigin)
  if (typeof struct.parent === 'string') out.parent = struct.parent
  else if (struct.parent !== null) out.parent = id(struct.parent)
  if (struct.parentSub !== null) out.key = struct.parentSub
  const { content } = struct
  switch (kind) {
    case 'string': out.content = content.str; break
    case 'any': case 'json': out.content = content.arr.map(writeValue); break
    case 'binary': out.content = writeValue(content.content); break
    case 'embed': out.content = writeValue(content.embed); break
    case 'format': out.content = { key: content.key, value: writeValue(content.value) }; break
    case 'type': {
      const { type } = content
      out.content = { $type: kindOf(type), ...(type instanceof Y.XmlElement ? { name: type.nodeName } : type instanceof Y.XmlHook ? { name: type.hookName } : {}) }
      break
    }
    case 'doc': out.content = { $type: 'doc', guid: content.doc.guid, options: writeValue(content.opts) }; break
  }
  return out
}

export class Oracle {
  constructor () {
    this.docs = new Map()
    this.undoers = new Map()
  }

  /** Answers one line with one line. Throws Broken. */
  answerLine (line) {
    let request
    try {
      request = JSON.parse(line)
    } catch {
      request = null
    }
    return JSON.stringify(this.answer(request))
  }

  answer (request) {
    try {
      if (!isObject(request)) badRequest('a request is a JSON object')
      return { id: request.id ?? null, ...this.carryOut(request) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error instanceof Broken ? error : new Broken(error.message, { cause: error })
      return { id: isObject(request) ? request.id ?? null : null, ok: false, error: { code: error.code, message: error.message } }
    }
  }

  carryOut (request) {
    field(request, 'id')
    const name = text(request, 'op')
    if (!Object.hasOwn(requests, name)) badRequest(`there is no operation "${name}"`)
    const answer = requests[name].call(this, request) ?? {}
    return answer.error === undefined ? { ok: true, ...answer } : { ok: false, ...answer }
  }

  document (request) { return this.docs.get(text(request, 'doc')) ?? refuse('unknown_doc', `no document "${request.doc}"`) }

  undoer (request) { return this.undoers.get(text(request, 'undo')) ?? badRequest(`no undo manager "${request.undo}"`) }

  /** After a document drew a new id: the one that the other side drew. */
  setClient (name, client) { this.docs.get(name).yjs.clientID = client }

  step (undoer, which) {
    const changed = undoer.yjs[which]() !== null
    return { changed, ...undoer.document.takeChanges() }
  }
}

const requests = {
  'doc.new' (request) {
    const name = text(request, 'doc')
    const client = Object.hasOwn(request, 'client') ? whole(request, 'client') : null
    const options = { gc: flag(request, 'gc', true), ...(Object.hasOwn(request, 'guid') ? { guid: text(request, 'guid') } : {}) }
    const cleanup = flag(request, 'cleanup', true)
    if (this.docs.has(name)) badRequest(`there is a document "${name}"`)
    const document = new Document(options, cleanup)
    if (client !== null) document.yjs.clientID = client
    this.docs.set(name, document)
  },
  'doc.drop' (request) {
    const document = this.document(request)
    this.docs.delete(request.doc)
    for (const [name, undoer] of this.undoers) if (undoer.document === document) this.undoers.delete(name)
  },
  'doc.apply' (request) {
    const document = this.document(request)
    const update = binary(request, 'update')
    const version = versions[format(request)]
    decoded(update, format(request))
    const client = document.yjs.clientID
    version.apply(document.yjs, update, origin(request))
    const answer = document.takeChanges()
    return document.yjs.clientID === client ? answer : { ...answer, client: document.yjs.clientID }
  },
  'doc.encode' (request) {
    const { yjs } = this.document(request)
    const version = versions[format(request)]
    const since = Object.hasOwn(request, 'since') ? binary(request, 'since') : undefined
    if (since !== undefined) reading(() => Y.decodeStateVector(since))
    return { update: base64(version.encode(yjs, since)) }
  },
  'doc.state_vector' (request) { return { state_vector: base64(Y.encodeStateVector(this.document(request).yjs)) } },
  'doc.pending' (request) {
    const { store } = this.document(request).yjs
    return { structs: store.pendingStructs !== null, deletes: store.pendingDs !== null }
  },
  'doc.json' (request) {
    const { yjs } = this.document(request)
    return { values: list(request, 'targets').map(target => writeValue(resolve(yjs, target))) }
  },
  'doc.delta' (request) {
    const { yjs } = this.document(request)
    const snapshot = name => {
      if (!Object.hasOwn(request, name)) return undefined
      const encoded = binary(request, name)
      return reading(() => Y.decodeSnapshot(encoded))
    }
    const [at, before] = [snapshot('snapshot'), snapshot('previous')]
    return { delta: deltaOf(wants(resolve(yjs, field(request, 'target')), ...texts).toDelta(at, before)) }
  },
  'doc.snapshot' (request) { return { snapshot: base64(Y.encodeSnapshot(Y.snapshot(this.document(request).yjs))) } },
  'doc.from_snapshot' (request) {
    const { yjs } = this.document(request)
    const name = text(request, 'as')
    const encoded = binary(request, 'snapshot')
    if (this.docs.has(name)) badRequest(`there is a document "${name}"`)
    const snapshot = reading(() => Y.decodeSnapshot(encoded))
    if (yjs.gc) refuse('not_supported', 'the document collects')
    const document = new Document({ gc: true }, true)
    Y.createDocFromSnapshot(yjs, snapshot, document.yjs)
    document.yjs.clientID = yjs.clientID
    document.takeChanges()
    this.docs.set(name, document)
  },
  'doc.roots' (request) {
    return { roots: Object.fromEntries([...this.document(request).yjs.share].map(([name, type]) => [name, kindOf(type)])) }
  },
  'doc.observe' (request) {
    const document = this.document(request)
    document.observe(field(request, 'target'), flag(request, 'deep', false))
  },
  'doc.unobserve' (request) { this.document(request).unobserve(field(request, 'target')) },
  'doc.transact' (request) {
    const document = this.document(request)
    const ops = list(request, 'ops')
    const source = origin(request)
    let failed = null
    document.yjs.transact(() => {
      for (let i = 0; i < ops.length && failed === null; ++i) {
        try {
          operate(document.yjs, ops[i])
        } catch (error) {
          failed = { error, index: i }
        }
      }
    }, source)
    const answer = document.takeChanges()
    if (failed === null) return answer
    if (!(failed.error instanceof Refusal)) throw new Broken(failed.error.message, { cause: failed.error })
    return { error: { code: failed.error.code, message: failed.error.message, failed: failed.index, ...answer } }
  },

  'update.merge' (request) {
    const updates = list(request, 'updates').map(update => bytesOf(update, 'updates'))
    const version = versions[format(request)]
    if (updates.length === 0) badRequest('"updates" is empty')
    // Yjs gives a single update back unread.
    for (const update of updates) decoded(update, format(request))
    return { update: base64(version.merge(updates)) }
  },
  'update.diff' (request) {
    const [update, since] = [binary(request, 'update'), binary(request, 'since')]
    const version = versions[format(request)]
    decoded(update, format(request))
    reading(() => Y.decodeStateVector(since))
    return { update: base64(version.diff(update, since)) }
  },
  'update.state_vector' (request) {
    const update = binary(request, 'update')
    const version = versions[format(request)]
    decoded(update, format(request))
    return { state_vector: base64(version.vector(update)) }
  },
  'update.convert' (request) {
    const update = binary(request, 'update')
    const [from, to] = [format(request, 'from'), format(request, 'to')]
    decoded(update, from)
    if (from === to) return { update: request.update }
    return { update: base64(from === 1 ? Y.convertUpdateFormatV1ToV2(update) : Y.convertUpdateFormatV2ToV1(update)) }
  },
  'update.inspect' (request) {
    const update = binary(request, 'update')
    const { structs, ds } = decoded(update, format(request))
    const deletes = [...ds.clients].flatMap(([client, ranges]) => ranges.map(({ clock, len }) => ({ client, clock, length: len })))
    return { structs: structs.map(inspect), deletes }
  },

  'undo.new' (request) {
    const name = text(request, 'undo')
    const document = this.document(request)
    const captureTimeout = Object.hasOwn(request, 'capture_timeout') ? whole(request, 'capture_timeout') : 500
    const trackedOrigins = new Set(Object.hasOwn(request, 'tracked_origins') ? list(request, 'tracked_origins').map(readValue) : [null])
    if (this.undoers.has(name)) badRequest(`there is an undo manager "${name}"`)
    const scope = field(request, 'scope')
    if (scope !== 'doc' && !Array.isArray(scope)) badRequest('"scope" must be "doc" or targets')
    if (scope.length === 0) badRequest('"scope" is empty')
    const types = scope === 'doc' ? document.yjs : scope.map(target => resolve(document.yjs, target))
    this.undoers.set(name, { document, yjs: new Y.UndoManager(types, { captureTimeout, trackedOrigins }) })
  },
  'undo.undo' (request) { return this.step(this.undoer(request), 'undo') },
  'undo.redo' (request) { return this.step(this.undoer(request), 'redo') },
  'undo.stop_capturing' (request) { this.undoer(request).yjs.stopCapturing() },
  'undo.clear' (request) { this.undoer(request).yjs.clear() },
  'undo.stack' (request) {
    const { yjs } = this.undoer(request)
    return { undo: yjs.undoStack.length, redo: yjs.redoStack.length }
  },
  'clock.set' (request) { setTime(whole(request, 'ms')) },

  'position.create' (request) {
    const { yjs } = this.document(request)
    const index = whole(request, 'index')
    const assoc = Object.hasOwn(request, 'assoc') ? request.assoc : 0
    if (!Number.isSafeInteger(assoc)) badRequest('"assoc" must be a whole number')
    const position = Y.createRelativePositionFromTypeIndex(resolve(yjs, field(request, 'target')), index, assoc)
    return { position: base64(Y.encodeRelativePosition(position)), json: Y.relativePositionToJSON(position) }
  },
  'position.resolve' (request) {
    const { yjs } = this.document(request)
    const encoded = binary(request, 'position')
    const follow = flag(request, 'follow_undone', true)
    const position = reading(() => {
      const decoded = Y.decodeRelativePosition(encoded)
      if (decoded.item === null && decoded.tname === null && decoded.type === null) throw new Error('no position')
      return decoded
    })
    const found = Y.createAbsolutePositionFromRelativePosition(position, yjs, follow)
    if (found === null) return { target: null, index: null, assoc: null }
    return { target: targetOf(yjs, found.type), index: found.index, assoc: found.assoc }
  },
  'snapshot.contains' (request) {
    const [encoded, update] = [binary(request, 'snapshot'), binary(request, 'update')]
    const snapshot = reading(() => Y.decodeSnapshot(encoded))
    const version = format(request)
    decoded(update, version)
    return { contains: Y.snapshotContainsUpdate(snapshot, version === 1 ? update : Y.convertUpdateFormatV2ToV1(update)) }
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const oracle = new Oracle()
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) process.stdout.write(oracle.answerLine(line) + '\n')
}
