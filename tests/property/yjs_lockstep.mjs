// Lockstep with yjs: pairs of documents, one of Syncline and one of Yjs with the same client id, get the same random
// operations and the same updates of other pairs, in any order, twice or late. After each step both must have
// emitted the same bytes and told their observers the same; at the end state, state vector and JSON are equal too.
import * as Y from 'yjs'
import { Failure, base64, bytes, canonical, expectEqual, placesOf, rootOf, runSeeds, someOperation } from './support.mjs'

const roots = { m: 'map', a: 'array', t: 'text', r: 'text', f: 'xml-fragment', e: 'xml-element', x: 'xml-text', h: 'xml-hook' }
const targets = Object.entries(roots).map(([root, type]) => ({ root, type }))

/** One client: the same document in both engines. */
class Pair {
  constructor (engine, name, client) {
    this.engine = engine
    this.name = name
    this.yjs = new Y.Doc()
    this.yjs.clientID = client
    this.client = client
    this.emitted = []
    this.emittedV2 = []
    this.events = []
    // What yjs does by itself, too: others must hear that it tidied formats up.
    this.made = []
    this.yjs.on('update', (update, origin, doc, transaction) => {
      this.emitted.push(base64(update))
      if (transaction.local) this.made.push(base64(update))
    })
    this.yjs.on('updateV2', update => this.emittedV2.push(base64(update)))
    for (const { root, type } of targets) this.root(root, type).observeDeep(batch => this.hear(root, batch))
  }

  root (name, type) { return rootOf(this.yjs, name, type) }

  json () { return canonical(targets.map(({ root, type }) => this.root(root, type))) }

  async start () {
    await this.engine.call({ op: 'doc.new', doc: this.name, client: this.client })
    for (const target of targets) await this.engine.call({ op: 'doc.observe', doc: this.name, target, deep: true })
  }

  // Yjs computes an event's parts when asked, so ask now.
  hear (root, batch) {
    for (const event of batch) {
      const text = event instanceof Y.YTextEvent
      const map = event.target instanceof Y.Map
      const keys = [...event.keys].map(([key, { action, oldValue }]) => [key, action === 'add' ? { action } : { action, old: oldValue }])
      const delta = map ? [] : text ? event.delta : event.changes.delta
      this.events.push(JSON.parse(canonical({ root, path: event.path, keys: Object.fromEntries(keys), delta })))
    }
  }

  compareStep (what, answer) {
    const ours = answer.ok ? answer : answer.error
    const updates = [...(ours.update === undefined ? [] : [ours.update]), ...(ours.more ?? []).map(more => more.update)]
    expectEqual(`${what}: the update`, updates.join(' '), this.emitted.join(' '))
    const updatesV2 = [...(ours.update_v2 === undefined ? [] : [ours.update_v2]), ...(ours.more ?? []).map(more => more.update_v2)]
    expectEqual(`${what}: the update in format 2`, updatesV2.join(' '), this.emittedV2.join(' '))
    const events = (ours.events ?? []).map(({ target, path, keys, delta }) => canonical({ root: target.root, path, keys, delta }))
    expectEqual(`${what}: the events`, events.join('\n            '), this.events.map(canonical).join('\n            '))
    this.emitted = []
    this.emittedV2 = []
    this.events = []
  }

  async transact (chance) {
    const json = []
    let failed = null
    this.yjs.transact(() => {
      for (let n = chance.weighted([[5, 1], [2, 2], [1, 6]]); n > 0 && failed === null; --n) {
        const operation = someOperation(chance, chance.pick(placesOf(this.yjs, roots)))
        json.push(operation.json)
        try {
          operation.apply()
        } catch (error) {
          failed = { index: json.length - 1, error }
        }
      }
    })
    const answer = await this.engine.ask({ op: 'doc.transact', doc: this.name, ops: json })
    if (answer.ok !== (failed === null) || (failed !== null && answer.error.failed !== failed.index)) {
      throw new Failure(`${JSON.stringify(json)}\n  syncline: ${JSON.stringify(answer)}\n  yjs: ${failed?.error ?? 'done'}`)
    }
    this.compareStep(`doc.transact on ${this.name}`, answer)
  }

  async apply (update, chance) {
    let answer
    if (chance.chance(0.3)) {
      const converted = Y.convertUpdateFormatV1ToV2(bytes(update))
      Y.applyUpdateV2(this.yjs, converted)
      answer = await this.engine.call({ op: 'doc.apply', doc: this.name, update: base64(converted), format: 2 })
    } else {
      Y.applyUpdate(this.yjs, bytes(update))
      answer = await this.engine.call({ op: 'doc.apply', doc: this.name, update })
    }
    this.compareStep(`doc.apply on ${this.name}`, answer)
  }

  async compareState () {
    const texts = placesOf(this.yjs, roots).filter(({ kind }) => kind === 'text' || kind === 'xml-text')
    for (const { target, type } of texts) {
      const { delta } = await this.engine.call({ op: 'doc.delta', doc: this.name, target })
      expectEqual(`the delta of ${JSON.stringify(target)} in ${this.name}`, canonical(delta), canonical(type.toDelta()))
    }
    const [state, stateV2, snapshot, vector, pending, json] = await Promise.all([
      this.engine.call({ op: 'doc.encode', doc: this.name }),
      this.engine.call({ op: 'doc.encode', doc: this.name, format: 2 }),
      this.engine.call({ op: 'doc.snapshot', doc: this.name }),
      this.engine.call({ op: 'doc.state_vector', doc: this.name }),
      this.engine.call({ op: 'doc.pending', doc: this.name }),
      this.engine.call({ op: 'doc.json', doc: this.name, targets })
    ])
    expectEqual(`the state vector of ${this.name}`, vector.state_vector, base64(Y.encodeStateVector(this.yjs)))
    expectEqual(`${this.name}: pending structs`, pending.structs, this.yjs.store.pendingStructs !== null)
    expectEqual(`${this.name}: pending deletes`, pending.deletes, this.yjs.store.pendingDs !== null)
    expectEqual(`the JSON of ${this.name}`, canonical(json.values), this.json())
    expectEqual(`the state of ${this.name}`, state.update, base64(Y.encodeStateAsUpdate(this.yjs)))
    expectEqual(`the state of ${this.name} in format 2`, stateV2.update, base64(Y.encodeStateAsUpdateV2(this.yjs)))
    expectEqual(`the snapshot of ${this.name}`, snapshot.snapshot, base64(Y.encodeSnapshot(Y.snapshot(this.yjs))))
  }

  async compareDifference (since) {
    const answer = await this.engine.call({ op: 'doc.encode', doc: this.name, since: base64(since) })
    expectEqual(`the difference of ${this.name}`, answer.update, base64(Y.encodeStateAsUpdate(this.yjs, since)))
    const v2 = await this.engine.call({ op: 'doc.encode', doc: this.name, since: base64(since), format: 2 })
    expectEqual(`the difference of ${this.name} in format 2`, v2.update, base64(Y.encodeStateAsUpdateV2(this.yjs, since)))
  }
}

await runSeeds('yjs_lockstep', async (engine, chance, steps) => {
  const taken = new Set()
  const pairs = Array.from({ length: chance.weighted([[2, 1], [3, 2], [1, 3]]) }, (_, i) => new Pair(engine, `d${i}`, chance.client(taken)))
  for (const pair of pairs) await pair.start()
  const log = []
  const missing = pairs.map(() => [])
  const hand = at => {
    for (const update of pairs[at].made.splice(0)) {
      log.push(update)
      missing.forEach((queue, i) => { if (i !== at) queue.push(update) })
    }
  }
  for (let step = 0; step < steps; ++step) {
    const at = chance.below(pairs.length)
    if (chance.chance(0.6) || missing[at].length === 0) {
      await pairs[at].transact(chance)
    } else {
      // Mostly in order, sometimes not; sometimes what is known already.
      const queue = missing[at]
      const index = chance.chance(0.7) ? 0 : chance.below(queue.length)
      await pairs[at].apply(chance.chance(0.1) ? chance.pick(log) : queue.splice(index, 1)[0], chance)
    }
    hand(at)
    if (chance.chance(0.2)) await pairs[at].compareState()
    if (chance.chance(0.1)) await pairs[at].compareDifference(Y.encodeStateVector(chance.pick(pairs).yjs))
  }
  // Tidying up after one makes another.
  while (missing.some(queue => queue.length > 0)) {
    for (const [i, pair] of pairs.entries()) {
      for (const update of chance.shuffled(missing[i].splice(0))) await pair.apply(update, chance)
      hand(i)
    }
  }
  for (const pair of pairs) {
    await pair.compareState()
  }
  // All know the same now. (Their bytes may differ: what Yjs joins to one struct depends on the order of arrival.)
  for (const pair of pairs) {
    expectEqual('the JSON of two documents that know the same', pair.json(), pairs[0].json())
    expectEqual('their state vectors', base64(Y.encodeStateVector(pair.yjs)), base64(Y.encodeStateVector(pairs[0].yjs)))
  }
})
