// What each rival does for the jobs of `syncline bench engine`, in its own terms and with its usual settings.
//
// A peer is made by `create(client)`: `edit(patches)` makes one transaction of [position, removed, inserted] patches in
// UTF-16 code units; `listen(sink)` gives each transaction's update to `sink`; `apply(update)`; `text()`; `encode()` and
// the peer's `load(bytes, client)`. What a peer does not have is null, and its row stays empty.
import * as Y from 'yjs'

function yjs (load, encode) {
  const create = client => {
    const doc = new Y.Doc()
    doc.clientID = client
    const text = doc.getText('text')
    return {
      doc,
      edit: patches => doc.transact(() => {
        for (const [position, removed, inserted] of patches) {
          if (removed > 0) text.delete(position, removed)
          if (inserted) text.insert(position, inserted)
        }
      }),
      listen: sink => doc.on('update', (update, origin, _, transaction) => { if (transaction.local) sink(update) }),
      apply: update => Y.applyUpdate(doc, update),
      text: () => text.toString(),
      encode: () => encode(doc)
    }
  }
  return {
    create,
    load: (bytes, client) => {
      const peer = create(client)
      load(peer.doc, bytes)
      return peer
    },
    merge: updates => Y.mergeUpdates(updates)
  }
}

async function loro () {
  const { LoroDoc } = await import('loro-crdt')
  const create = client => {
    const doc = new LoroDoc()
    doc.setPeerId(String(client))
    const text = doc.getText('text')
    return {
      edit: patches => {
        for (const [position, removed, inserted] of patches) {
          if (removed > 0) text.delete(position, removed)
          if (inserted) text.insert(position, inserted)
        }
        doc.commit()
      },
      listen: sink => doc.subscribeLocalUpdates(sink),
      apply: update => doc.import(update),
      text: () => text.toString(),
      encode: () => doc.export({ mode: 'snapshot' }),
      load: bytes => doc.import(bytes)
    }
  }
  const load = (bytes, client) => {
    const peer = create(client)
    peer.load(bytes)
    return peer
  }
  return { create, load, merge: null }
}

async function jsonJoy () {
  const { Model, Patch } = await import('json-joy/lib/json-crdt/index.js')
  const wrap = model => {
    const text = model.api.str(['text'])
    let sink = null
    return {
      edit: patches => {
        for (const [position, removed, inserted] of patches) {
          if (removed > 0) text.del(position, removed)
          if (inserted) text.ins(position, inserted)
        }
        const patch = model.api.flush()
        if (sink) sink(patch.toBinary())
      },
      listen: listener => { sink = listener },
      apply: update => model.applyPatch(Patch.fromBinary(update)),
      text: () => text.view(),
      encode: () => model.toBinary()
    }
  }
  // All replicas begin with the same empty text.
  const seed = Model.create(undefined, 65537)
  seed.api.set({ text: '' })
  seed.api.flush()
  const empty = seed.toBinary()
  const load = (bytes, client) => wrap(Model.load(bytes, client))
  return { create: client => load(empty, client), load, merge: null }
}

async function automerge () {
  const A = await import('@automerge/automerge')
  const wrap = start => {
    let doc = start
    let sink = null
    return {
      edit: patches => {
        doc = A.change(doc, draft => {
          for (const [position, removed, inserted] of patches) A.splice(draft, ['text'], position, removed, inserted)
        })
        if (sink) sink(A.getLastLocalChange(doc))
      },
      listen: listener => { sink = listener },
      apply: update => { [doc] = A.applyChanges(doc, [update]) },
      text: () => doc.text,
      encode: () => A.save(doc)
    }
  }
  const actor = client => client.toString(16).padStart(16, '0')
  const empty = A.save(A.from({ text: '' }, actor(1)))
  const load = (bytes, client) => wrap(A.load(bytes, actor(client)))
  return { create: client => load(empty, client), load, merge: null }
}

/** By name; `v2`: full states in Yjs's update format 2. */
export const peers = {
  yjs: async ({ v2 }) => v2 ? yjs(Y.applyUpdateV2, Y.encodeStateAsUpdateV2) : yjs(Y.applyUpdate, Y.encodeStateAsUpdate),
  'loro-crdt': loro,
  'json-joy': jsonJoy,
  '@automerge/automerge': automerge
}
