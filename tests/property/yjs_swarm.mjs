// A swarm of replicas, each of Syncline or of Yjs, that edit one document and exchange updates in any order, twice,
// late or never; then they sync by state vector. All must end equal in JSON and state vector, with nothing pending,
// and the same to the byte once Yjs, or Syncline, has read their state into a fresh document. Both tidy formats up after
// remote changes and send what they deleted.
import * as Y from 'yjs'
import { base64, bytes, canonical, expectEqual, placesOf, rootOf, runSeeds, someOperation } from './support.mjs'

const roots = { m: 'map', a: 'array', t: 'text', r: 'text', x: 'xml-fragment' }
const targets = Object.entries(roots).map(([root, type]) => ({ root, type }))
const open = doc => targets.map(({ root, type }) => rootOf(doc, root, type))

class YjsReplica {
  constructor (client) {
    this.doc = new Y.Doc()
    this.doc.clientID = client
    this.kind = 'yjs'
    this.made = []
    open(this.doc)
    // Also what Yjs does by itself: it tidies formats up after a remote change.
    this.doc.on('update', (update, origin, doc, transaction) => { if (transaction.local) this.made.push(base64(update)) })
  }

  async start () {}

  async edit (chance) {
    this.doc.transact(() => {
      for (let n = chance.weighted([[4, 1], [1, 4]]); n > 0; --n) {
        try {
          someOperation(chance, chance.pick(placesOf(this.doc, roots))).apply()
        } catch (error) {
          if (!/Length exceeded/.test(error.message)) throw error
        }
      }
    })
  }

  async apply (update) { Y.applyUpdate(this.doc, bytes(update)) }
  async vector () { return base64(Y.encodeStateVector(this.doc)) }
  async encode (since) { return base64(Y.encodeStateAsUpdate(this.doc, since && bytes(since))) }
  async pending () { return this.doc.store.pendingStructs !== null || this.doc.store.pendingDs !== null }
  async json () { return canonical(open(this.doc)) }
}

class SynclineReplica {
  constructor (client, engine, name) {
    this.engine = engine
    this.name = name
    this.client = client
    this.kind = 'syncline'
    this.made = []
  }

  start () { return this.engine.call({ op: 'doc.new', doc: this.name, client: this.client }) }

  async edit (chance) {
    // Yjs reads the document to find out what could be done to it.
    const view = viewOf(await this.encode())
    // What waits may be complete to who gets it at once; here it is looked at again, as in Yjs, when something missing came.
    if (base64(Y.encodeStateVector(view)) !== await this.vector()) return
    const ops = []
    for (let n = chance.weighted([[4, 1], [1, 4]]); n > 0; --n) {
      const operation = someOperation(chance, chance.pick(placesOf(view, roots)))
      ops.push(operation.json)
      try {
        operation.apply()
      } catch (error) {
        if (!/Length exceeded/.test(error.message)) throw error
        break
      }
    }
    const answer = await this.engine.ask({ op: 'doc.transact', doc: this.name, ops })
    if (!answer.ok) expectEqual('the refusal', answer.error.code, 'out_of_range')
    const { update } = answer.ok ? answer : answer.error
    if (update !== undefined) this.made.push(update)
  }

  async apply (update) {
    // Format 2 now and then.
    const v2 = update.length % 3 === 0
    const sent = v2 ? base64(Y.convertUpdateFormatV1ToV2(bytes(update))) : update
    const answer = await this.engine.call({ op: 'doc.apply', doc: this.name, update: sent, format: v2 ? 2 : 1 })
    expectEqual('a new client id', answer.client, undefined)
    for (const { update: own } of answer.more ?? []) this.made.push(own)
  }

  async vector () { return (await this.engine.call({ op: 'doc.state_vector', doc: this.name })).state_vector }
  async encode (since) { return (await this.engine.call({ op: 'doc.encode', doc: this.name, ...(since && { since }) })).update }

  async pending () {
    const { structs, deletes } = await this.engine.call({ op: 'doc.pending', doc: this.name })
    return structs || deletes
  }

  async json () { return canonical((await this.engine.call({ op: 'doc.json', doc: this.name, targets })).values) }
}

/** A fresh Yjs document with a state; what is pending in it stays out. */
function viewOf (update) {
  const doc = new Y.Doc()
  open(doc)
  Y.applyUpdate(doc, bytes(update))
  return doc
}

/** A state as Yjs writes it again. The roots stay untyped: of a typed text Yjs would tidy the formats up first. */
function writtenByYjs (update) {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, bytes(update))
  return base64(Y.encodeStateAsUpdate(doc))
}

async function checkEqual (engine, replicas) {
  const [first] = replicas
  const facts = async replica => ({
    replica,
    vector: await replica.vector(),
    json: await replica.json(),
    pending: await replica.pending(),
    state: await replica.encode()
  })
  const all = []
  for (const replica of replicas) all.push(await facts(replica))
  const canonicalState = writtenByYjs(all[0].state)
  for (const { replica, vector, json, pending, state } of all) {
    const pair = `${replica.kind} beside ${first.kind}`
    expectEqual(`pending parts of a ${replica.kind} replica`, pending, false)
    expectEqual(`state vector, ${pair}`, vector, all[0].vector)
    expectEqual(`JSON, ${pair}`, json, all[0].json)
    expectEqual(`state as Yjs reads it, ${pair}`, writtenByYjs(state), canonicalState)
    const fresh = new SynclineReplica(2 ** 53 - 1, engine, `fresh-${all.findIndex(entry => entry.replica === replica)}`)
    await fresh.start()
    await fresh.apply(state)
    expectEqual(`state as Syncline reads it, ${pair}`, await fresh.encode(), canonicalState)
    const { update: stateV2 } = await engine.call({ op: 'doc.encode', doc: fresh.name, format: 2 })
    const again = new Y.Doc()
    Y.applyUpdateV2(again, bytes(stateV2))
    expectEqual(`state in format 2, ${pair}`, base64(Y.encodeStateAsUpdateV2(again)), stateV2)
  }
}

await runSeeds('yjs_swarm', async (engine, chance, steps) => {
  const taken = new Set()
  const count = chance.from(2, 6)
  const replicas = Array.from({ length: count }, (_, i) => {
    const client = chance.client(taken)
    // Both engines are there, whatever chance says.
    const ours = i === 0 || (i > 1 && chance.chance(0.5))
    return ours ? new SynclineReplica(client, engine, `d${i}`) : new YjsReplica(client)
  })
  for (const replica of replicas) await replica.start()
  const queues = replicas.map(() => [])
  const send = from => {
    for (const update of replicas[from].made.splice(0)) {
      queues.forEach((queue, i) => {
        if (i === from || chance.chance(0.1)) return
        queue.push(update)
        if (chance.chance(0.1)) queue.push(update)
      })
    }
  }
  for (let step = 0; step < steps; ++step) {
    const at = chance.below(count)
    if (queues[at].length === 0 || chance.chance(0.5)) {
      await replicas[at].edit(chance)
    } else if (chance.chance(0.05)) {
      const other = replicas[chance.below(count)]
      await replicas[at].apply(await other.encode(await replicas[at].vector()))
    } else {
      const index = chance.chance(0.6) ? 0 : chance.below(queues[at].length)
      await replicas[at].apply(queues[at].splice(index, 1)[0])
    }
    send(at)
  }
  // Everybody with everybody, until nobody makes anything new: Yjs may tidy formats up once more.
  for (let round = 0; round < 2 || replicas.some(replica => replica.made.length > 0); ++round) {
    expectEqual('rounds of syncing that bring changes', round < 12, true)
    for (const replica of replicas) replica.made.length = 0
    for (const to of replicas) for (const from of replicas) if (to !== from) await to.apply(await from.encode(await to.vector()))
  }
  await checkEqual(engine, replicas)
})
