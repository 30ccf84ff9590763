// node bench/run.mjs [--traces DIR] [--rounds N] [--peers NAME,…] [--jobs NAME,…]: the jobs of the document engine beside
// its rivals from npm. All of a row run in turn, round after round, on the same recording; a cell is the median CPU
// time, and its ratio to Syncline's in the same run. Prints a Markdown table; writes that, the figures and a
// chart to build/bench/. DIR holds recordings as NAME.json.gz; without it a generated session is used.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { gunzipSync } from 'node:zlib'
import { generate } from './generate_trace.mjs'
import { chart } from './chart.mjs'

const out = 'build/bench'
const syncline = 'build/release/syncline'
const rivals = ['yjs', 'json-joy', 'loro-crdt', '@automerge/automerge']
// Warm: a program that loads one document usually loads more. The first repeats of a process are left out.
const warm = { repeat: 9, skip: 4 }
const jobs = {
  local: { title: 'typing, a transaction an edit' },
  local_update: { title: 'typing + an update an edit' },
  remote: { title: 'remote edits, an update at a time' },
  live: { title: 'two live replicas, exchanged as recorded' },
  merge: { title: 'merge updates, a thousand at a time' },
  load_v1: { title: 'load the state (v1), read the text', ...warm },
  load_v2: { title: 'load the state (v2), read the text', ...warm },
  encode_v1: { title: 'encode the state (v1)', ...warm },
  encode_v2: { title: 'encode the state (v2)', ...warm },
  memory: { title: 'memory of a loaded document' }
}
const suits = (job, concurrent) => job === 'live' ? concurrent : concurrent ? !job.startsWith('local') : true
// Automerge takes a millisecond an update; WebAssembly's memory is not in Node's figures.
const skipped = (peer, job) => (peer === '@automerge/automerge' && !['local', 'load_v1', 'encode_v1'].includes(job)) ||
  (job === 'memory' && !['yjs', 'json-joy'].includes(peer)) || ((job === 'merge' || job.endsWith('_v2')) && peer !== 'yjs')
const slow = (peer, job) => peer === '@automerge/automerge' || (peer === 'loro-crdt' && ['local_update', 'remote', 'live'].includes(job))

function options () {
  // Automerge takes minutes for what the others do in seconds: only where it is asked for.
  const given = { traces: '', rounds: 5, peers: rivals.slice(0, 3), jobs: Object.keys(jobs) }
  const rest = process.argv.slice(2)
  const complain = why => {
    console.error(`bench: ${why}\nusage: make bench ARGS="[--traces DIR] [--rounds N] [--peers ${rivals.join(',')}] [--jobs ${Object.keys(jobs).join(',')}]"`)
    process.exit(2)
  }
  const names = (text, known) => text.split(',').map(name => known.includes(name) ? name : complain(`there is no ${name}`))
  while (rest.length > 0) {
    const option = rest.shift()
    const value = rest.shift() ?? complain(`${option} needs a value`)
    if (option === '--traces') given.traces = value
    else if (option === '--rounds') given.rounds = Number.parseInt(value) > 0 ? Number.parseInt(value) : complain('--rounds needs a number')
    else if (option === '--peers') given.peers = names(value, rivals)
    else if (option === '--jobs') given.jobs = names(value, Object.keys(jobs))
    else complain(`unknown option ${option}`)
  }
  return given
}

function recordings (folder) {
  if (!folder) {
    console.log('bench: no --traces DIR given: a generated editing session is used\n')
    return [{ name: 'generated', content: JSON.stringify(generate(100000)) }]
  }
  return ['automerge-paper', 'sveltecomponent', 'rustcode', 'friendsforever'].flatMap(name => {
    const path = `${folder}/${name}.json.gz`
    if (existsSync(path)) return [{ name, content: gunzipSync(readFileSync(path)) }]
    console.error(`bench: there is no ${path}`)
    return []
  })
}

function once (peer, path, job) {
  const repeat = jobs[job].repeat ?? 1
  const [command, args] = peer === 'syncline'
    ? [syncline, ['bench', 'engine', '--trace', path, '--job', job, '--repeat', String(repeat), '--json']]
    : [process.execPath, ['--expose-gc', 'bench/run_peer.mjs', peer, path, job, String(repeat)]]
  const answer = JSON.parse(execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 24, stdio: ['ignore', 'pipe', 'pipe'] }))
  if (!answer.text_ok) throw new Error(`${peer} ${job}: the text came out wrong`)
  return answer
}

const median = numbers => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]

/** One row: every peer in turn, `rounds` times. */
function measure (path, job, peers, rounds) {
  const answers = Object.fromEntries(peers.map(peer => [peer, []]))
  for (let round = 0; round < rounds; ++round) {
    for (const peer of peers) {
      if (round > 0 && slow(peer, job)) continue
      try {
        answers[peer].push(once(peer, path, job))
      } catch (error) {
        console.error(`bench: ${peer} ${job}: ${String(error.stderr || error.message).trim().split('\n').at(-1)}`)
        answers[peer].push(null)
      }
    }
  }
  const cells = {}
  for (const [peer, all] of Object.entries(answers)) {
    const good = all.filter(answer => answer !== null)
    if (good.length === 0) continue
    const value = job === 'memory' ? median(good.map(answer => answer.rss_bytes)) : median(good.flatMap(answer => answer.cpu_ms.slice(jobs[job].skip ?? 0)))
    cells[peer] = { value, runs: good.length, bytes: good[0].bytes, edits: good[0].edits }
  }
  return cells
}

const number = value => value >= 100 ? value.toFixed(0) : value.toPrecision(3)
const amount = (job, value) => job === 'memory' ? `${(value / 1e6).toFixed(2)} MB` : `${number(value)} ms`

function table (rows, peers) {
  const lines = [`| recording | job | syncline | ${peers.map(peer => peer.replace('@automerge/', '')).join(' | ')} |`, `|${'---|'.repeat(peers.length + 3)}`]
  for (const { recording, job, cells } of rows) {
    const ours = cells.syncline
    const perEdit = job !== 'memory' && ['local', 'local_update', 'remote'].includes(job) ? ` (${number(ours.value * 1e6 / ours.edits)} ns an edit)` : ''
    const others = peers.map(peer => cells[peer] ? `${amount(job, cells[peer].value)}, ${number(cells[peer].value / ours.value)}×` : '')
    lines.push(`| ${recording} | ${jobs[job].title} | ${amount(job, ours.value)}${perEdit} | ${others.join(' | ')} |`)
  }
  return lines.join('\n')
}

const given = options()
if (!existsSync(syncline)) {
  console.error(`bench: ${syncline} is not there: make bench builds it`)
  process.exit(1)
}
mkdirSync(`${out}/traces`, { recursive: true })
const version = name => JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version
const machine = `${cpus()[0].model}, ${cpus().length} CPUs; node ${process.version}; ` +
  given.peers.map(peer => `${peer} ${version(peer)}`).join(', ')
const rows = []
for (const { name, content } of recordings(given.traces)) {
  const path = `${out}/traces/${name}.json`
  writeFileSync(path, content)
  const concurrent = JSON.parse(content).kind === 'concurrent'
  for (const job of given.jobs.filter(job => suits(job, concurrent))) {
    const peers = ['syncline', ...given.peers.filter(peer => !skipped(peer, job))]
    rows.push({ recording: name, job, cells: measure(path, job, peers, given.rounds) })
    console.error(`bench: ${name} ${job} done`)
  }
}
const text = `${table(rows, given.peers)}\n\n${machine}. Median CPU time of ${given.rounds} alternating runs (slow rivals: 1); n× = times Syncline's.\n`
console.log(text)
writeFileSync(`${out}/table.md`, text)
writeFileSync(`${out}/results.json`, JSON.stringify({ machine, rows }, null, 1))
writeFileSync(`${out}/chart.svg`, chart(rows.filter(({ job }) => job !== 'memory').map(({ recording, job, cells }) => ({
  label: `${recording}: ${jobs[job].title}`,
  values: Object.fromEntries(Object.entries(cells).map(([peer, cell]) => [peer, cell.value]))
})), machine))
console.log(`${out}/table.md, results.json and chart.svg written`)
