// What a server on yjs does for the hub's and the objects' jobs (apps/syncline/bench/hub_jobs.cpp, object_jobs.cpp).
//
// Each is given { state, updates, timed, allocated } of the recording, if there is one, and gives
// { edits, bytes, updateBytes, allocated, ok }.
import * as Y from 'yjs'
import { makeTombstones } from './tombstones.mjs'

const firstClient = 2917483021
const clientStep = 7919

const load = (state, client) => {
  const doc = new Y.Doc()
  doc.clientID = client
  Y.applyUpdate(doc, state)
  return doc
}

const missed = 1000
const stateBeforeTheLast = updates => {
  const doc = new Y.Doc()
  for (const update of updates.slice(0, -missed)) Y.applyUpdate(doc, update)
  return Y.encodeStateVector(doc)
}
const reaches = (since, diff, state) => {
  const ends = Y.decodeStateVector(since)
  for (const [client, clock] of Y.parseUpdateMeta(diff).to) ends.set(client, clock)
  return [...Y.parseUpdateMeta(state).to].every(([client, clock]) => ends.get(client) === clock)
}

export const yjsHub = {
  /** As y-websocket's server: applied, and sent on as the document's update event says. It judges nothing. */
  hub_update ({ state, timed }) {
    const author = load(state, firstClient - clientStep)
    const text = author.getText('text')
    const updates = []
    author.on('update', update => updates.push(update))
    const middle = Math.floor(text.length / 2)
    for (let i = 0; i < 10000; ++i) text.insert(middle + i, String.fromCharCode(97 + i % 26))
    const doc = load(state, firstClient + 1)
    let updateBytes = 0
    doc.on('update', update => { updateBytes += update.length })
    timed(() => { for (const update of updates) Y.applyUpdate(doc, update) })
    return { edits: updates.length, bytes: 0, updateBytes, ok: doc.getText('text').toString() === text.toString() }
  },
  diff ({ state, updates, timed }) {
    const since = stateBeforeTheLast(updates)
    const diff = timed(() => Y.diffUpdate(state, since))
    return { edits: 1, bytes: diff.length, ok: reaches(since, diff, state) }
  },
  diff_loaded ({ state, updates, timed }) {
    const since = stateBeforeTheLast(updates)
    const doc = load(state, firstClient + 1)
    const diff = timed(() => Y.encodeStateAsUpdate(doc, since))
    return { edits: 1, bytes: diff.length, ok: reaches(since, diff, state) }
  },
  merge_small ({ updates, timed, end }) {
    const merged = timed(() => Y.mergeUpdates(updates.slice(-missed)))
    const doc = new Y.Doc()
    for (const update of [...updates.slice(0, -missed), merged]) Y.applyUpdate(doc, update)
    return { edits: Math.min(missed, updates.length), bytes: merged.length, ok: doc.getText('text').toString() === end }
  },
  tombstones_20 ({ timed, allocated }) {
    const { update, structs, units } = makeTombstones(20000000)
    const before = allocated()
    const doc = new Y.Doc()
    const text = doc.getText('text')
    timed(() => Y.applyUpdate(doc, update))
    return { edits: structs, bytes: update.length, allocated: allocated() - before, ok: text.length === 0 && Y.getState(doc.store, firstClient) === units }
  },
  small_objects ({ timed, allocated }) {
    const count = 10000
    const task = new Y.Doc()
    task.clientID = firstClient
    task.transact(() => {
      const data = task.getMap('data')
      data.set('title', 'Paint the fence')
      data.set('done', false)
      data.set('effort', 3)
      data.set('owner', 'hyperty://example.org/tom')
      data.set('tags', Y.Array.from(['garden', 'white']))
    })
    const state = Y.encodeStateAsUpdate(task)
    const objects = []
    const before = allocated()
    timed(() => { for (let i = 0; i < count; ++i) objects.push(load(state, firstClient + 1 + i)) })
    return { edits: count, bytes: state.length, allocated: Math.round((allocated() - before) / count), ok: Buffer.compare(Y.encodeStateAsUpdate(objects.at(-1)), state) === 0 }
  },
  observed ({ timed }) {
    const map = new Y.Doc().getMap('map')
    let heard = 0
    map.observe(() => { ++heard })
    timed(() => { for (let i = 0; i < 100000; ++i) map.set('temperature', i) })
    return { edits: 100000, bytes: 0, ok: heard === 100000 }
  },
  /** The nearest there is to a data object's observer: at any depth, with paths, keys and old values read. */
  observed_field ({ timed }) {
    const map = new Y.Doc().getMap('map')
    let heard = 0
    map.observeDeep(events => {
      for (const event of events) for (const [key, change] of event.changes.keys) heard += event.path.length + (key === 'temperature' && change.action ? 1 : 0)
    })
    timed(() => { for (let i = 1; i <= 100000; ++i) map.set('temperature', i) })
    return { edits: 100000, bytes: 0, ok: heard === 100000 && map.get('temperature') === 100000 }
  }
}
