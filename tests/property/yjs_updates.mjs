// Updates without a document, and snapshots, beside yjs: documents of yjs edit and exchange updates; whatever they made
// is merged, cut, converted and asked for its clocks in random order, in both formats, and Syncline must answer with the
// same bytes. Results go back into the pool, so holes, overlaps and duplicates come up by themselves. Damaged updates
// must be refused whole, or integrated.
import * as Y from 'yjs'
import { base64, bytes, expectEqual, keys, placesOf, runSeeds, someOperation, someText, someValue } from './support.mjs'

const roots = { m: 'map', a: 'array', t: 'text' }

/** What texts and fragments take beyond plain edits. */
function someRichEdit (chance, doc) {
  const text = doc.getText('r')
  const at = chance.below(text.length + 1)
  const attributes = { [chance.pick(['bold', 'link'])]: chance.pick([true, null, 'red', { deep: [1.5, -0] }]) }
  const fragment = doc.getXmlFragment('x')
  switch (chance.below(7)) {
    case 0: return text.insert(at, someText(chance), attributes)
    case 1: return text.format(at, Math.min(3, text.length - at), attributes)
    case 2: return text.insertEmbed(at, chance.pick([{ image: someText(chance), size: 0.1 }, 'word', [1, null]]))
    case 3: {
      const element = new Y.XmlElement(chance.pick(['p', 'li']))
      element.setAttribute('id', someText(chance))
      element.insert(0, [new Y.XmlText(someText(chance)), new Y.XmlHook('hook')])
      return fragment.insert(chance.below(fragment.length + 1), [element])
    }
    case 4: return fragment.length > 0 ? fragment.delete(chance.below(fragment.length), 1) : undefined
    case 5: return doc.getMap('m').set(chance.pick(keys), new Y.Doc({ guid: `guid-${chance.below(4)}`, meta: someValue(chance)[1] }))
    case 6: return text.length > 0 ? text.delete(at, Math.min(4, text.length - at)) : undefined
  }
}

function edit (chance, doc) {
  doc.transact(() => {
    for (let n = chance.weighted([[3, 1], [1, 4]]); n > 0; --n) {
      if (chance.chance(0.4)) {
        someRichEdit(chance, doc)
        continue
      }
      const place = chance.pick(placesOf(doc, roots))
      try {
        someOperation(chance, place).apply()
      } catch (error) {
        if (!/Length exceeded/.test(error.message)) throw error
      }
    }
  })
}

/** What yjs' functions are called, by format. */
const yjs = [null,
  { merge: Y.mergeUpdates, diff: Y.diffUpdate, vector: Y.encodeStateVectorFromUpdate, contains: Y.snapshotContainsUpdate, apply: Y.applyUpdate, encode: Y.encodeStateAsUpdate },
  { merge: Y.mergeUpdatesV2, diff: Y.diffUpdateV2, vector: Y.encodeStateVectorFromUpdateV2, contains: (snapshot, update) => Y.snapshotContainsUpdate(snapshot, Y.convertUpdateFormatV2ToV1(update)), apply: Y.applyUpdateV2, encode: Y.encodeStateAsUpdateV2 }]

class Pool {
  constructor () { this.updates = [null, [], []] }

  add (format, update) { this.updates[format].push(update) }
  pick (chance, format) { return chance.pick(this.updates[format]) }
}

async function someQuestion (engine, chance, pool, docs) {
  const format = chance.from(1, 2)
  const update = pool.pick(chance, format)
  switch (chance.below(5)) {
    case 0: case 1: {
      const updates = Array.from({ length: chance.from(1, 5) }, () => pool.pick(chance, format))
      const merged = yjs[format].merge(updates)
      const answer = await engine.call({ op: 'update.merge', updates: updates.map(base64), format })
      expectEqual(`merged, format ${format}`, answer.update, base64(merged))
      return pool.add(format, merged)
    }
    case 2: {
      const since = Y.encodeStateVector(chance.pick(docs))
      const rest = yjs[format].diff(update, since)
      const answer = await engine.call({ op: 'update.diff', update: base64(update), since: base64(since), format })
      expectEqual(`cut, format ${format}`, answer.update, base64(rest))
      return pool.add(format, rest)
    }
    case 3: {
      const answer = await engine.call({ op: 'update.state_vector', update: base64(update), format })
      return expectEqual(`state vector, format ${format}`, answer.state_vector, base64(yjs[format].vector(update)))
    }
    case 4: {
      const to = 3 - format
      const converted = format === 1 ? Y.convertUpdateFormatV1ToV2(update) : Y.convertUpdateFormatV2ToV1(update)
      const answer = await engine.call({ op: 'update.convert', update: base64(update), from: format, to })
      expectEqual(`converted to ${to}`, answer.update, base64(converted))
      return pool.add(to, converted)
    }
  }
}

/** A document of each engine, without formatting clean-up, so that only what comes in counts. */
class Reader {
  constructor (engine, name, client, gc) {
    Object.assign(this, { engine, name, client, gc })
    this.yjs = new Y.Doc({ gc })
    this.yjs.clientID = client
    this.damaged = 0
  }

  start () { return this.engine.call({ op: 'doc.new', doc: this.name, client: this.client, gc: this.gc }) }

  async apply (format, update) {
    yjs[format].apply(this.yjs, update)
    await this.engine.call({ op: 'doc.apply', doc: this.name, update: base64(update), format })
  }

  async compare () {
    for (const format of [1, 2]) {
      const { update } = await this.engine.call({ op: 'doc.encode', doc: this.name, format })
      expectEqual(`state of ${this.name}, format ${format}`, update, base64(yjs[format].encode(this.yjs)))
    }
  }

  async snapshot () {
    const { snapshot } = await this.engine.call({ op: 'doc.snapshot', doc: this.name })
    const theirs = Y.snapshot(this.yjs)
    expectEqual(`snapshot of ${this.name}`, snapshot, base64(Y.encodeSnapshot(theirs)))
    return theirs
  }

  async contains (snapshot, format, update) {
    const { contains } = await this.engine.call({ op: 'snapshot.contains', snapshot: base64(Y.encodeSnapshot(snapshot)), update: base64(update), format })
    expectEqual('whether a snapshot contains an update', contains, yjs[format].contains(snapshot, update))
  }

  async restore (snapshot, as) {
    const theirs = Y.createDocFromSnapshot(this.yjs, snapshot)
    await this.engine.call({ op: 'doc.from_snapshot', doc: this.name, snapshot: base64(Y.encodeSnapshot(snapshot)), as })
    const { update } = await this.engine.call({ op: 'doc.encode', doc: as })
    expectEqual(`what ${this.name} held at a snapshot`, update, base64(Y.encodeStateAsUpdate(theirs)))
    await this.engine.call({ op: 'doc.drop', doc: as })
  }

  /** An update with a few bytes changed: taken or refused, and refused without a trace. */
  async damage (chance, format, update) {
    const damaged = Uint8Array.from(update)
    for (let n = chance.from(1, 3); n > 0; --n) damaged[chance.below(damaged.length)] = chance.below(256)
    const cut = chance.chance(0.2) ? damaged.subarray(0, chance.below(damaged.length)) : damaged
    const doc = `damaged-${++this.damaged}`
    await this.engine.call({ op: 'doc.new', doc, client: 1 })
    await this.engine.call({ op: 'doc.apply', doc, update: (await this.engine.call({ op: 'doc.encode', doc: this.name })).update })
    const before = await this.engine.call({ op: 'doc.encode', doc, format: 2 })
    const answer = await this.engine.ask({ op: 'doc.apply', doc, update: base64(cut), format })
    if (!answer.ok) {
      expectEqual('the refusal of a damaged update', answer.error.code, 'malformed_update')
      const after = await this.engine.call({ op: 'doc.encode', doc, format: 2 })
      expectEqual('the document after a refusal', after.update, before.update)
    }
  }
}

await runSeeds('yjs_updates', async (engine, chance, steps) => {
  const taken = new Set()
  const docs = Array.from({ length: chance.from(1, 4) }, () => {
    const doc = new Y.Doc({ gc: chance.chance(0.7) })
    doc.clientID = chance.client(taken)
    return doc
  })
  const pool = new Pool()
  const made = []
  for (const doc of docs) {
    doc.on('update', update => { pool.add(1, update); made.push(update) })
    doc.on('updateV2', update => pool.add(2, update))
  }
  for (let step = 0; step < Math.min(steps, 150); ++step) {
    const doc = chance.pick(docs)
    if (made.length > 0 && chance.chance(0.4)) Y.applyUpdate(doc, chance.pick(made))
    else edit(chance, doc)
  }
  if (made.length === 0) return
  for (const doc of docs) for (const format of [1, 2]) pool.add(format, yjs[format].encode(doc))
  for (let n = Math.min(steps, 100); n > 0; --n) await someQuestion(engine, chance, pool, docs)

  const client = chance.client(taken)
  const reader = new Reader(engine, 'reader', client, true)
  const keeper = new Reader(engine, 'keeper', client, false)
  await reader.start()
  await keeper.start()
  const moments = []
  for (let n = Math.min(steps, 60); n > 0; --n) {
    const format = chance.from(1, 2)
    const update = pool.pick(chance, format)
    await reader.apply(format, update)
    await keeper.apply(format, update)
    if (chance.chance(0.2)) await reader.compare()
    if (chance.chance(0.2)) moments.push(await keeper.snapshot())
    if (moments.length > 0 && chance.chance(0.3)) await keeper.contains(chance.pick(moments), format, pool.pick(chance, format))
    if (moments.length > 0 && chance.chance(0.2)) await keeper.restore(chance.pick(moments), 'restored')
    if (chance.chance(0.2)) await reader.damage(chance, format, update)
  }
  await reader.compare()
  await keeper.compare()
})
