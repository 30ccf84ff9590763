// node bench/run_peer.mjs PEER RECORDING.json|- JOB REPEAT: one job with one rival, answered as `syncline bench engine --json` does.
// What is timed, and what is not, is the same as in apps/syncline/bench/.
import { readFileSync } from 'node:fs'
import { peers } from './peers.mjs'
import { rows, runRow } from './crdt_benchmarks.mjs'

const [name, path, job, repeat] = process.argv.slice(2)
const recording = path === '-' ? { txns: [], startContent: '', endContent: '' } : JSON.parse(readFileSync(path, 'utf8'))
const concurrent = recording.kind === 'concurrent'
const firstClient = 2917483021
const peer = await peers[name]({ v2: job.endsWith('_v2') })

/** The transactions: { agent, patches, received: indexes of others' transactions that came just before }. */
function readEdits () {
  if (!concurrent) return recording.txns.flatMap(txn => txn.patches).map(patch => ({ agent: 0, patches: [patch], received: [] }))
  const known = Array.from({ length: recording.numAgents }, () => new Set())
  return recording.txns.map((txn, index) => {
    const received = []
    for (let open = [...txn.parents]; open.length > 0;) {
      const seen = open.pop()
      if (known[txn.agent].has(seen)) continue
      known[txn.agent].add(seen)
      received.push(seen)
      open.push(...recording.txns[seen].parents)
    }
    known[txn.agent].add(index)
    return { agent: txn.agent, patches: txn.patches, received: received.sort((a, b) => a - b) }
  })
}

const edits = readEdits()
let count = edits.length
let updateBytes = 0
let allocatedBytes = 0
const start = recording.startContent ? [[[0, 0, recording.startContent]]] : []
const times = []
let ok = true
const cpuMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e3 }
const timed = body => {
  const before = cpuMs()
  const result = body()
  times.push(cpuMs() - before)
  return result
}
// WebAssembly's memory is in the resident size alone.
const allocated = () => {
  global.gc()
  const { heapUsed, external, rss } = process.memoryUsage()
  return peer.wasm ? rss : heapUsed + external
}
const check = text => { ok &&= text === recording.endContent }
const sum = updates => updates.reduce((total, update) => total + update.length, 0)

function author (client) {
  const one = peer.create(client)
  let made = null
  one.listen(update => { made = update })
  return { ...one, take: () => { const update = made; made = null; return update } }
}

function play () {
  const authors = Array.from({ length: concurrent ? recording.numAgents : 1 }, (_, i) => author(firstClient + i * 7919))
  const updates = []
  const keep = update => updates.push(update)
  for (const patches of start) { authors[0].edit(patches); keep(authors[0].take()) }
  for (const { agent, patches, received } of edits) {
    for (const index of received) if (updates[index]) authors[agent].apply(updates[index])
    authors[agent].edit(patches)
    keep(authors[agent].take())
  }
  return { authors, updates }
}

let made = null
const updates = () => (made ??= play().updates.filter(update => update !== null))
let whole = null
const state = () => {
  if (whole !== null) return whole
  let all = peer.create(firstClient + 1)
  if (concurrent) {
    for (const update of updates()) all.apply(update)
  } else {
    all = peer.create(firstClient)
    for (const patches of start) all.edit(patches)
    for (const { patches } of edits) all.edit(patches)
  }
  return (whole = all.encode())
}

const jobs = {
  local () {
    const one = peer.create(firstClient)
    timed(() => { for (const patches of start) one.edit(patches); for (const { patches } of edits) one.edit(patches) })
    check(one.text())
    return 0
  },
  local_update () {
    const one = peer.create(firstClient)
    let bytes = 0
    one.listen(update => { bytes += update.length })
    timed(() => { for (const patches of start) one.edit(patches); for (const { patches } of edits) one.edit(patches) })
    check(one.text())
    return bytes
  },
  remote () {
    const all = updates()
    const one = peer.create(firstClient + 1)
    timed(() => { for (const update of all) one.apply(update) })
    check(one.text())
    return sum(all)
  },
  live () {
    const { authors, updates } = timed(play)
    for (const one of authors) {
      for (const update of updates) if (update) one.apply(update)
      check(one.text())
    }
    return sum(updates.filter(update => update !== null))
  },
  merge () {
    const all = updates()
    const merged = timed(() => {
      const merged = []
      for (let at = 0; at < all.length; at += 1000) merged.push(peer.merge(all.slice(at, at + 1000)))
      return merged
    })
    const one = peer.create(firstClient + 1)
    for (const update of merged) one.apply(update)
    check(one.text())
    return sum(merged)
  },
  load () {
    const bytes = state()
    check(timed(() => peer.load(bytes, firstClient + 1).text()))
    return bytes.length
  },
  encode () {
    const one = peer.load(state(), firstClient + 1)
    const bytes = timed(() => one.encode())
    check(one.text())
    return bytes.length
  },
  memory () {
    const bytes = state()
    const loaded = []
    let before = 0
    timed(() => {
      for (let i = 0; i < 12; ++i) {
        if (i === 2) before = allocated()
        loaded.push(peer.load(bytes, firstClient + 1))
        check(loaded.at(-1).text())
      }
    })
    allocatedBytes = Math.round((allocated() - before) / 10)
    return 0
  },
  /** The session a hundred times over, each time before what is there. */
  b4x100 () {
    const before = allocated()
    const one = peer.create(firstClient)
    timed(() => {
      for (let i = 0; i < 100; ++i) {
        for (const patches of start) one.edit(patches)
        for (const { patches } of edits) one.edit(patches)
      }
    })
    count = 100 * edits.length
    allocatedBytes = allocated() - before
    ok &&= one.text() === recording.endContent.repeat(100)
    return one.encode().length
  }
}

/** A row of crdt-benchmarks, or a job of the hub's. */
function other () {
  const result = job in rows
    ? runRow(job, peer.create, timed)
    : peer.hub[job]({ timed, allocated, end: recording.endContent, ...(path !== '-' && { state: state(), updates: updates() }) })
  ok &&= result.ok
  count = result.edits
  updateBytes = result.updateBytes ?? 0
  allocatedBytes = result.allocated ?? 0
  return result.bytes
}

const body = jobs[job.replace(/_v[12]$/, '')] ?? other
let bytes = 0
for (let i = 0; i < Number(repeat); ++i) bytes = body()
console.log(JSON.stringify({
  job,
  edits: count,
  cpu_ms: times,
  bytes,
  ...(updateBytes > 0 && { update_bytes: updateBytes }),
  ...(allocatedBytes > 0 && { rss_bytes: allocatedBytes }),
  text_ok: ok
}))
process.exit(ok ? 0 : 1)
