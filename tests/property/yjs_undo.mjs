// Undo, redo and relative positions beside yjs: pairs of documents, one of Syncline and one of Yjs, with the same undo
// managers, random edits of tracked and other origins, changes of each other in between, and a clock that is set by
// hand. After each step both must have emitted the same bytes and have stacks of the same size; positions must be the
// same bytes and lead to the same places, also long after they were made.
import { clock, giveWallClockBack } from './virtual_clock.mjs'
import * as Y from 'yjs'
import { Failure, base64, bytes, canonical, expectEqual, placesOf, runSeeds, someOperation } from './support.mjs'

giveWallClockBack()

const roots = { m: 'map', a: 'array', t: 'text' }
const targets = Object.entries(roots).map(([root, type]) => ({ root, type }))
const origins = [null, 'mine', 'theirs']

/** Where a type is now, as a target; null for deleted ones. */
function targetOf (type) {
  const path = []
  for (; type._item !== null; type = type._item.parent) {
    const item = type._item
    if (item.deleted) return null
    let index = 0
    for (let left = item.left; left !== null; left = left.left) if (!left.deleted && left.countable) index += left.length
    path.unshift(item.parentSub ?? index)
  }
  const root = [...type.doc.share].find(([, it]) => it === type)[0]
  const target = targets.find(it => it.root === root)
  return path.length === 0 ? target : { ...target, path }
}

/**
 * Where something was undone more than once, both neighbours of what comes back may lead to one copy: Yjs then makes an
 * item whose right origin is at or left of its origin. Where others put it depends, in Yjs, on how their items are cut
 * (13.6.33; its replicas come to differ), so there is nothing to compare with.
 */
function contradictsItself (doc, update) {
  return Y.decodeUpdate(update).structs.some(({ origin, rightOrigin }) => origin && rightOrigin && origin.client === rightOrigin.client &&
    rightOrigin.clock <= origin.clock && Y.getItem(doc.store, origin) === Y.getItem(doc.store, rightOrigin))
}
class Contradiction extends Error {}

class Pair {
  constructor (engine, name, client, gc) {
    this.engine = engine
    this.name = name
    this.client = client
    this.gc = gc
    this.yjs = new Y.Doc({ gc })
    this.yjs.clientID = client
    this.emitted = []
    this.managers = []
    this.positions = []
    this.yjs.on('update', update => this.emitted.push(base64(update)))
    for (const { root, type } of targets) this.yjs.get(root, type === 'map' ? Y.Map : type === 'array' ? Y.Array : Y.Text)
  }

  async start () {
    await this.engine.call({ op: 'doc.new', doc: this.name, client: this.client, gc: this.gc })
    await this.engine.call({ op: 'doc.json', doc: this.name, targets })
  }

  /** Compares what both emitted, and every stack; returns the updates. */
  async compareStep (what, answer) {
    const ours = answer.ok ? answer : answer.error
    const updates = [...(ours.update === undefined ? [] : [ours.update]), ...(ours.more ?? []).map(more => more.update)]
    expectEqual(`${what}: the update`, updates.join(' '), this.emitted.join(' '))
    this.emitted = []
    for (const { name, manager } of this.managers) {
      const { undo, redo } = await this.engine.call({ op: 'undo.stack', undo: name })
      expectEqual(`${what}: the stacks of ${name}`, `${undo} ${redo}`, `${manager.undoStack.length} ${manager.redoStack.length}`)
    }
    return updates
  }

  async addManager (chance) {
    const name = `${this.name}.${this.managers.length}`
    const tracked = chance.shuffled(origins).slice(0, chance.from(1, 2))
    const captureTimeout = chance.pick([0, 500, 500, 2000])
    const places = chance.shuffled(placesOf(this.yjs, roots)).slice(0, chance.from(1, 2))
    const whole = chance.chance(0.4)
    await this.engine.call({
      op: 'undo.new', undo: name, doc: this.name, scope: whole ? 'doc' : places.map(({ target }) => target),
      capture_timeout: captureTimeout, tracked_origins: tracked
    })
    this.managers.push({ name, manager: new Y.UndoManager(whole ? this.yjs : places.map(({ type }) => type), { captureTimeout, trackedOrigins: new Set(tracked) }) })
  }

  async transact (chance) {
    const json = []
    const origin = chance.pick(origins)
    let failed = null
    this.yjs.transact(() => {
      for (let n = chance.weighted([[5, 1], [2, 2], [1, 6]]); n > 0 && failed === null; --n) {
        const operation = someOperation(chance, chance.pick(placesOf(this.yjs, roots)))
        json.push(operation.json)
        try {
          operation.apply()
        } catch (error) {
          failed = error
        }
      }
    }, origin)
    const answer = await this.engine.ask({ op: 'doc.transact', doc: this.name, ops: json, origin })
    if (answer.ok !== (failed === null)) throw new Failure(`${JSON.stringify(json)}\n  syncline: ${JSON.stringify(answer)}\n  yjs: ${failed ?? 'done'}`)
    return this.compareStep(`doc.transact on ${this.name}`, answer)
  }

  async apply (chance, update) {
    const origin = chance.weighted([[8, 'remote'], [1, null], [1, 'mine']])
    Y.applyUpdate(this.yjs, bytes(update), origin)
    const answer = await this.engine.call({ op: 'doc.apply', doc: this.name, update, origin })
    await this.compareStep(`doc.apply on ${this.name}`, answer)
  }

  async undoOrRedo (chance) {
    const { name, manager } = chance.pick(this.managers)
    const op = chance.weighted([[5, 'undo'], [4, 'redo']])
    const done = manager[op]() !== null
    const answer = await this.engine.call({ op: `undo.${op}`, undo: name })
    const updates = await this.compareStep(`undo.${op} of ${name}`, answer)
    expectEqual(`undo.${op} of ${name}: whether anything changed`, answer.changed, done)
    if (updates.some(update => contradictsItself(this.yjs, bytes(update)))) throw new Contradiction()
    return updates
  }

  async tellManager (chance) {
    const { name, manager } = chance.pick(this.managers)
    if (chance.chance(0.8)) {
      manager.stopCapturing()
      await this.engine.call({ op: 'undo.stop_capturing', undo: name })
    } else {
      manager.clear()
      await this.engine.call({ op: 'undo.clear', undo: name })
    }
    await this.compareStep(`a word to ${name}`, { ok: true })
  }

  async compareState () {
    const state = await this.engine.call({ op: 'doc.encode', doc: this.name })
    const json = await this.engine.call({ op: 'doc.json', doc: this.name, targets })
    expectEqual(`the JSON of ${this.name}`, canonical(json.values), canonical(targets.map(({ root }) => this.yjs.get(root))))
    expectEqual(`the state of ${this.name}`, state.update, base64(Y.encodeStateAsUpdate(this.yjs)))
  }

  /** Every index of a type, from either side. */
  async makePositions (chance) {
    const { type, kind, target } = chance.pick(placesOf(this.yjs, roots))
    const made = []
    for (let index = 0; index <= (kind === 'map' ? 1 : type.length + 1); ++index) {
      for (const assoc of [-1, 0, 1]) {
        const theirs = Y.createRelativePositionFromTypeIndex(type, index, assoc)
        const ours = await this.engine.call({ op: 'position.create', doc: this.name, target, index, assoc })
        const what = `the position at ${index} (${assoc}) of ${JSON.stringify(target)} in ${this.name}`
        expectEqual(what, ours.position, base64(Y.encodeRelativePosition(theirs)))
        expectEqual(`${what} as JSON`, JSON.stringify(ours.json), JSON.stringify(Y.relativePositionToJSON(theirs)))
        made.push(ours.position)
      }
    }
    this.positions.push(...chance.shuffled(made).slice(0, 6))
  }

  async resolvePositions () {
    for (const position of this.positions) {
      for (const follow of [true, false]) {
        const found = Y.createAbsolutePositionFromRelativePosition(Y.decodeRelativePosition(bytes(position)), this.yjs, follow)
        const { target, index, assoc } = await this.engine.call({ op: 'position.resolve', doc: this.name, position, follow_undone: follow })
        const theirs = found === null ? { target: null, index: null, assoc: null } : { target: targetOf(found.type), index: found.index, assoc: found.assoc }
        expectEqual(`position ${position} in ${this.name}, ${follow ? '' : 'not '}following`, JSON.stringify({ target, index, assoc }), JSON.stringify(theirs))
      }
    }
  }
}

await runSeeds('yjs_undo', async (engine, chance, steps) => {
  const taken = new Set()
  const setClock = async ms => {
    clock.ms = ms
    await engine.call({ op: 'clock.set', ms })
  }
  await setClock(1_000_000)
  const pairs = Array.from({ length: chance.weighted([[1, 1], [3, 2], [1, 3]]) }, (_, i) => new Pair(engine, `d${i}`, chance.client(taken), chance.chance(0.85)))
  for (const pair of pairs) {
    await pair.start()
    for (let n = chance.weighted([[4, 1], [2, 2], [1, 0]]); n > 0; --n) await pair.addManager(chance)
  }
  const missing = pairs.map(() => [])
  const hand = (at, updates) => missing.forEach((queue, i) => { if (i !== at) queue.push(...updates) })
  for (let step = 0; step < steps; ++step) {
    const at = chance.below(pairs.length)
    const pair = pairs[at]
    const managed = pair.managers.length > 0
    switch (chance.weighted([[8, 'transact'], [5, 'apply'], [managed ? 7 : 0, 'undo'], [managed ? 2 : 0, 'tell'], [3, 'wait'], [1, 'manager'], [1, 'positions']])) {
      case 'transact':
        hand(at, await pair.transact(chance))
        break
      case 'apply': {
        const queue = missing[at]
        if (queue.length > 0) await pair.apply(chance, queue.splice(chance.chance(0.8) ? 0 : chance.below(queue.length), 1)[0])
        break
      }
      case 'undo':
        try {
          for (let n = chance.from(1, 4); n > 0; --n) hand(at, await pair.undoOrRedo(chance))
        } catch (error) {
          // A TypeError: Yjs gives up halfway where the copy of something deleted was collected.
          if (!(error instanceof TypeError || error instanceof Contradiction)) throw error
          return
        }
        break
      case 'tell':
        await pair.tellManager(chance)
        break
      case 'wait':
        await setClock(clock.ms + chance.pick([0, 1, 100, 499, 500, 501, 5000]))
        break
      case 'manager':
        if (pair.managers.length < 4) await pair.addManager(chance)
        break
      case 'positions':
        await pair.makePositions(chance)
        break
    }
    if (chance.chance(0.2)) await pair.compareState()
    if (chance.chance(0.1)) await pair.resolvePositions()
  }
  for (const [i, pair] of pairs.entries()) {
    for (const update of chance.shuffled(missing[i])) await pair.apply(chance, update)
    await pair.compareState()
    await pair.resolvePositions()
  }
})
