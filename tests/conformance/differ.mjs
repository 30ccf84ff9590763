// The whole line protocol of docs/ENGINE.md beside yjs: random programs of requests, each line sent to `syncline engine`
// and to oracle.mjs, the answers compared. What differs is cut down to the fewest lines that still differ.
//
//   node differ.mjs PATH_OF_SYNCLINE [--seeds N] [--from S] [--seconds T] [--groups base,format,…] [--keep-going] [--out DIR]
//   node differ.mjs PATH_OF_SYNCLINE --replay FILE.jsonl
import { Broken, Oracle } from './oracle.mjs'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTime } from './virtual_time.mjs'
import { Chance, Engine } from '../property/support.mjs'
import { Program, groups } from './program.mjs'
import { difference } from './compare.mjs'

// ---- one session: both sides, line by line ----

/** The difference of one line, or none. */
class Session {
  constructor (binary, chosen, engine) {
    this.engine = engine ?? new Engine(binary)
    this.own = engine === undefined
    this.options = { v2: chosen.includes('v2') }
    this.oracle = new Oracle()
    this.lines = []
  }

  /** Sends one line. Answers {theirs} or {difference}; {broken} where yjs itself failed. */
  async send (line) {
    this.lines.push(line)
    let request
    try { request = JSON.parse(line) } catch { request = null }
    let ours
    try {
      ours = await this.engine.line(line)
    } catch (error) {
      return { difference: { ours: String(error.message), theirs: 'an answer' } }
    }
    // Damaged bytes of format 2 can keep yjs busy for ever; what Syncline refuses is not shown to it.
    if (request?.format === 2 && ours.error?.code === 'malformed_update') return this.refused(request, ours)
    let theirs
    try {
      theirs = this.oracle.answer(request)
    } catch (error) {
      if (error instanceof Broken) return { broken: error }
      throw error
    }
    const found = difference(request, ours, theirs, this.options)
    if (found !== null) return { difference: found }
    if (theirs.client !== undefined) this.oracle.setClient(request.doc, ours.client)
    return { theirs: { ...theirs, ...(ours.client === undefined ? {} : { client: ours.client }) } }
  }

  /** A refused update of format 2: right if its bytes were damaged, or are none yjs reads either. */
  refused (request, ours) {
    const updates = request.updates ?? [request.update]
    if (updates.every(update => this.known?.has(update))) return { difference: { ours: JSON.stringify(ours), theirs: 'an update that yjs made' } }
    return { theirs: ours }
  }

  close () {
    if (this.own) this.engine.close()
    setTime(null)
  }
}

// ---- delta debugging ----

/** What kind of difference it is: who refuses, with which code. */
const shape = ({ difference: { ours, theirs } }) => [ours, theirs].map(answer => /"code":"(\w+)"/.exec(answer)?.[1] ?? 'ok').join(' ')

/** Where lines differ: {at, difference}, or null. */
async function replay (binary, chosen, lines, known) {
  const session = new Session(binary, chosen)
  session.known = known
  try {
    for (const [at, line] of lines.entries()) {
      const { difference: found, broken } = await session.send(line)
      if (found) return { at, difference: found, op: opOf(line) }
      if (broken) return null
    }
    return null
  } finally {
    session.close()
  }
}

const opOf = line => { try { return JSON.parse(line).op } catch { return null } }

/** Lists that are like `items`, with one part less; large parts first. */
function * without (items) {
  for (let size = Math.ceil(items.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < items.length; at += size) yield [...items.slice(0, at), ...items.slice(at + size)]
  }
}

/** The fewest lines found, and operations in them, that end in a difference of the same request. */
async function minimise (binary, chosen, lines, first, known) {
  const deadline = performance.now() + 30_000
  let best = lines
  const differs = async candidate => {
    const found = await replay(binary, chosen, candidate, known)
    if (found === null || found.op !== first.op || shape(found) !== shape(first)) return false
    best = candidate.slice(0, found.at + 1)
    return true
  }
  for (let smaller = true; smaller && performance.now() < deadline;) {
    smaller = false
    for (const candidate of without(best)) {
      if (performance.now() > deadline) break
      if (await differs(candidate)) { smaller = true; break }
    }
    if (smaller) continue
    search: for (const [at, line] of best.entries()) {
      const request = JSON.parse(line)
      for (const list of ['ops', 'updates', 'targets']) {
        if (!Array.isArray(request[list]) || request[list].length < 2) continue
        for (const shorter of without(request[list])) {
          if (performance.now() > deadline) break search
          const candidate = best.with ? best.with(at, JSON.stringify({ ...request, [list]: shorter })) : Object.assign([...best], { [at]: JSON.stringify({ ...request, [list]: shorter }) })
          if (await differs(candidate)) { smaller = true; break search }
        }
      }
    }
  }
  return best
}

/** The transcript of both for the lines that are left. */
async function transcript (binary, chosen, lines, known) {
  const session = new Session(binary, chosen)
  session.known = known
  const out = []
  for (const line of lines) {
    out.push(line)
    const { difference: found } = await session.send(line)
    if (found) out.push(`  syncline: ${found.ours}`, `  yjs:      ${found.theirs}`)
  }
  session.close()
  return out.join('\n')
}

// ---- the command ----

function readArguments ([binary, ...rest]) {
  const options = { binary, seconds: Number(process.env.SYNCLINE_PROPERTY_SECONDS ?? 10), groups, keepGoing: false }
  const take = { '--seeds': n => { options.seeds = Number(n) }, '--from': n => { options.from = Number(n) }, '--seconds': n => { options.seconds = Number(n) }, '--out': dir => { options.out = dir }, '--replay': file => { options.replay = file } }
  while (rest.length > 0) {
    const name = rest.shift()
    if (name === '--keep-going') options.keepGoing = true
    else if (name === '--groups') options.groups = [...new Set(['base', ...rest.shift().split(',')])]
    else if (take[name] && rest.length > 0) take[name](rest.shift())
    else return null
  }
  if (options.groups.some(group => !groups.includes(group))) return null
  return binary === undefined ? null : options
}

/** Runs one seed. Null, or what differed. */
async function runSeed (engine, options, seed, counts) {
  const chance = new Chance(seed)
  // Small programs show what fails best; some use only part of what there is.
  const chosen = chance.chance(0.5) ? options.groups : options.groups.filter(group => group === 'base' || chance.chance(0.5))
  const session = new Session(options.binary, options.groups, engine)
  const program = new Program(chance, chosen, session.oracle, `${seed}-`)
  session.known = new Set()
  const steps = seed % 25 === 0 ? 300 : 3 + (seed % 60)
  try {
    for (let step = 0, ending = false; ; ++step) {
      if (!ending && step >= steps) {
        program.end()
        ending = true
      }
      const request = program.next()
      if (request === undefined) return null
      const line = JSON.stringify({ id: step, ...request })
      const { difference: found, broken, theirs } = await session.send(line)
      ++counts.lines
      if (found) return { lines: session.lines, difference: found, op: request.op, known: session.known }
      if (broken) {
        ++counts.broken
        if (process.env.SYNCLINE_SHOW_BROKEN) console.log(`seed ${seed}: yjs failed: ${broken.cause?.stack ?? broken.stack}\n${line}`)
        return null
      }
      learnUpdates(session.known, theirs)
      program.hear(JSON.parse(line), theirs)
    }
  } finally {
    session.close()
  }
}

function learnUpdates (known, answer) {
  const told = answer.ok ? answer : answer.error
  for (const part of [told, ...(told.more ?? [])]) for (const update of [part.update, part.update_v2]) if (update !== undefined) known.add(update)
}

async function main () {
  const options = readArguments(process.argv.slice(2))
  if (options === null) {
    console.error(`usage: node differ.mjs PATH_OF_SYNCLINE [--seeds N] [--from S] [--seconds T] [--groups ${groups.join(',')}] [--keep-going] [--out DIR] [--replay FILE]`)
    return 2
  }
  if (options.replay !== undefined) {
    const lines = readFileSync(options.replay, 'utf8').split('\n').filter(line => line !== '' && !line.startsWith(' '))
    console.log(await transcript(options.binary, options.groups, lines))
    return await replay(options.binary, options.groups, lines) === null ? 0 : 1
  }
  const first = options.from ?? Number(process.env.SYNCLINE_SEED ?? process.env.SYNCLINE_FIRST_SEED ?? Date.now() % 1e9)
  if (options.seeds === undefined && !process.env.SYNCLINE_SEED && process.env.SYNCLINE_SEEDS) options.seeds = Number(process.env.SYNCLINE_SEEDS)
  const wanted = options.seeds ?? (process.env.SYNCLINE_SEED ? 1 : Infinity)
  const end = options.seeds === undefined ? performance.now() + options.seconds * 1000 : Infinity
  console.log(`differ: seeds from ${first}, groups ${options.groups.join(',')}`)
  const counts = { lines: 0, broken: 0 }
  const seen = new Map()
  let engine = new Engine(options.binary)
  let runs = 0
  for (; runs < wanted && (runs === 0 || performance.now() < end); ++runs) {
    const seed = first + runs
    const found = await runSeed(engine, options, seed, counts)
    if (found === null) continue
    engine.close()
    engine = new Engine(options.binary)
    seen.set(found.op, (seen.get(found.op) ?? 0) + 1)
    if (options.keepGoing && seen.get(found.op) > 3) continue
    const lines = await minimise(options.binary, options.groups, found.lines, found, found.known)
    const shown = await transcript(options.binary, options.groups, lines, found.known)
    console.error(`${shown}\ndiffer: seed ${seed} differs\nagain: node tests/conformance/differ.mjs ${options.binary} --from ${seed} --seeds 1 --groups ${options.groups.join(',')}\n`)
    if (options.out !== undefined) {
      mkdirSync(options.out, { recursive: true })
      writeFileSync(join(options.out, `seed-${seed}.jsonl`), lines.join('\n') + '\n')
    }
    if (!options.keepGoing) {
      engine.close()
      return 1
    }
  }
  engine.close()
  console.log(`differ: ${runs} seeds, ${first} to ${first + runs - 1}; ${counts.lines} requests; yjs itself failed in ${counts.broken}; differences: ${JSON.stringify(Object.fromEntries(seen))}`)
  return seen.size > 0 ? 1 : 0
}

process.exitCode = await main()
