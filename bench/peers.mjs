// What each rival does for the jobs of `syncline bench engine`, in its own terms and with its usual settings.
//
// A replica is made by a peer's `create(client)`. It has the text, list and map that the jobs work on (positions in
// UTF-16 code units), and every edit outside `transact` is a transaction of its own:
//   edit(patches)        one transaction of [position, removed, inserted] patches of the text
//   insertText(at, text)  deleteText(at, count)  insertList(at, values)  setInMap(key, value)
//   transact(body)       the edits in `body` are one transaction
//   listen(sink)         gives each local transaction's update to `sink`
//   apply(update)        receive(body): the updates applied in `body` are one transaction, where the peer can do that
//   text()  list()  map()  encode()
// `load(bytes, client)` makes a replica of an encoded state. `merge` and `hub` are null where a peer has no such thing;
// `wasm`: its documents are in WebAssembly's memory.
import * as Y from 'yjs'
import { yjsHub } from './yjs_hub.mjs'

const patch = (replica, [position, removed, inserted]) => {
  if (removed > 0) replica.deleteText(position, removed)
  if (inserted) replica.insertText(position, inserted)
}
/** A replica's `edit`, by its `transact`. */
const withEdit = replica => Object.assign(replica, {
  edit: patches => replica.transact(() => { for (const one of patches) patch(replica, one) })
})

function yjs (load, encode) {
  const create = client => {
    const doc = new Y.Doc()
    doc.clientID = client
    const [text, list, map] = [doc.getText('text'), doc.getArray('array'), doc.getMap('map')]
    return withEdit({
      doc,
      insertText: (at, inserted) => text.insert(at, inserted),
      deleteText: (at, removed) => text.delete(at, removed),
      insertList: (at, values) => list.insert(at, values),
      setInMap: (key, value) => map.set(key, value),
      transact: body => doc.transact(body),
      listen: sink => doc.on('update', (update, origin, _, transaction) => { if (transaction.local) sink(update) }),
      apply: update => Y.applyUpdate(doc, update),
      receive: body => doc.transact(body),
      text: () => text.toString(),
      list: () => list.toJSON(),
      map: () => map.toJSON(),
      encode: () => encode(doc)
    })
  }
  return {
    create,
    load: (bytes, client) => {
      const peer = create(client)
      load(peer.doc, bytes)
      return peer
    },
    merge: updates => Y.mergeUpdates(updates),
    hub: yjsHub
  }
}

/** Edits that are transactions of their own unless `transact` says otherwise; `commit` ends one. */
function committing (commit) {
  let open = false
  const then = result => { if (!open) commit(); return result }
  const transact = body => {
    open = true
    body()
    open = false
    commit()
  }
  return { then, transact }
}

async function loro () {
  const { LoroDoc } = await import('loro-crdt')
  const create = client => {
    const doc = new LoroDoc()
    doc.setPeerId(String(client))
    const [text, list, map] = [doc.getText('text'), doc.getList('array'), doc.getMap('map')]
    const { then, transact } = committing(() => doc.commit())
    let batch = null
    return withEdit({
      insertText: (at, inserted) => then(text.insert(at, inserted)),
      deleteText: (at, removed) => then(text.delete(at, removed)),
      insertList: (at, values) => { values.forEach((value, i) => list.insert(at + i, value)); then() },
      setInMap: (key, value) => then(map.set(key, value)),
      transact,
      listen: sink => doc.subscribeLocalUpdates(sink),
      apply: update => batch ? batch.push(update) : doc.import(update),
      receive: body => {
        batch = []
        body()
        doc.importBatch(batch)
        batch = null
      },
      text: () => text.toString(),
      list: () => list.toJSON(),
      map: () => map.toJSON(),
      encode: () => doc.export({ mode: 'snapshot' }),
      load: bytes => doc.import(bytes)
    })
  }
  const load = (bytes, client) => {
    const peer = create(client)
    peer.load(bytes)
    return peer
  }
  return { create, load, merge: null, hub: null, wasm: true }
}

async function jsonJoy () {
  const { Model, Patch } = await import('json-joy/lib/json-crdt/index.js')
  const wrap = model => {
    let sink = null
    const { then, transact } = committing(() => {
      const made = model.api.flush()
      if (sink) sink(made.toBinary())
    })
    const [text, list, map] = [model.api.str(['text']), model.api.arr(['array']), model.api.obj(['map'])]
    return withEdit({
      insertText: (at, inserted) => then(text.ins(at, inserted)),
      deleteText: (at, removed) => then(text.del(at, removed)),
      insertList: (at, values) => then(list.ins(at, values)),
      setInMap: (key, value) => then(map.set({ [key]: value })),
      transact,
      listen: listener => { sink = listener },
      apply: update => model.applyPatch(Patch.fromBinary(update)),
      receive: body => body(),
      text: () => text.view(),
      list: () => list.view(),
      map: () => map.view(),
      encode: () => model.toBinary()
    })
  }
  // All replicas begin with the same empty text, list and map.
  const seed = Model.create(undefined, 65537)
  seed.api.set({ text: '', array: [], map: {} })
  seed.api.flush()
  const empty = seed.toBinary()
  const load = (bytes, client) => wrap(Model.load(bytes, client))
  return { create: client => load(empty, client), load, merge: null, hub: null }
}

async function automerge () {
  const A = await import('@automerge/automerge')
  const wrap = start => {
    let doc = start
    let draft = null
    let sink = null
    const change = body => {
      if (draft !== null) return body(draft)
      doc = A.change(doc, body)
      if (sink) sink(A.getLastLocalChange(doc))
    }
    return withEdit({
      insertText: (at, inserted) => change(to => A.splice(to, ['text'], at, 0, inserted)),
      deleteText: (at, removed) => change(to => A.splice(to, ['text'], at, removed, '')),
      insertList: (at, values) => change(to => { to.array.splice(at, 0, ...values) }),
      setInMap: (key, value) => change(to => { to.map[key] = value }),
      transact: body => change(to => { draft = to; body(); draft = null }),
      listen: listener => { sink = listener },
      apply: update => { [doc] = A.applyChanges(doc, [update]) },
      receive: body => body(),
      text: () => doc.text,
      list: () => JSON.parse(JSON.stringify(doc.array)),
      map: () => JSON.parse(JSON.stringify(doc.map)),
      encode: () => A.save(doc)
    })
  }
  const actor = client => client.toString(16).padStart(16, '0')
  const empty = A.save(A.from({ text: '', array: [], map: {} }, actor(1)))
  const load = (bytes, client) => wrap(A.load(bytes, actor(client)))
  return { create: client => load(empty, client), load, merge: null, hub: null, wasm: true }
}

/** By name; `v2`: full states in Yjs's update format 2. */
export const peers = {
  yjs: async ({ v2 }) => v2 ? yjs(Y.applyUpdateV2, Y.encodeStateAsUpdateV2) : yjs(Y.applyUpdate, Y.encodeStateAsUpdate),
  'loro-crdt': loro,
  'json-joy': jsonJoy,
  '@automerge/automerge': automerge
}
