// node bench/run.mjs [--traces DIR] [--rounds N] [--peers NAME,…] [--native] [--jobs NAME,…]: the jobs of the document
// engine beside its rivals. All of a row run in turn, round after round, on the same recording; a cell is the median CPU
// time, and its ratio to Syncline's in the same run. Prints a Markdown table and where rivals win; writes that, the
// figures and a chart to build/bench/. DIR holds recordings as NAME.json.gz; without it a generated session is used.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { gunzipSync } from 'node:zlib'
import { chart } from './chart.mjs'
import { generate } from './generate_trace.mjs'
import { can, jobs, slow, suits } from './jobs.mjs'
import { buildNative, derive, nativePeers } from './native.mjs'
import { table, wins } from './report.mjs'

const out = 'build/bench'
const syncline = 'build/release/syncline'
const rivals = ['yjs', 'json-joy', 'loro-crdt', '@automerge/automerge']
// Nobody waits longer for one answer.
const processTimeout = 600_000

function options () {
  const given = { traces: '', rounds: 5, peers: rivals, native: false, jobs: Object.keys(jobs).filter(job => !jobs[job].onRequest) }
  const rest = process.argv.slice(2)
  const complain = why => {
    console.error(`bench: ${why}\nusage: make bench [PEERS=native] ARGS="[--traces DIR] [--rounds N] [--peers ${rivals.join(',')}] [--jobs ${Object.keys(jobs).join(',')}]"`)
    process.exit(2)
  }
  const names = (text, known) => text.split(',').map(name => known.includes(name) ? name : complain(`there is no ${name}`))
  while (rest.length > 0) {
    const option = rest.shift()
    if (option === '--native') { given.native = true; continue }
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

function command (peer, path, job, repeat) {
  if (peer === 'syncline') return [syncline, ['bench', 'engine', ...(path ? ['--trace', path] : []), '--job', job, '--repeat', String(repeat), '--json']]
  if (peer in nativePeers) return [nativePeers[peer], [peer, path, job, String(repeat)]]
  return [process.execPath, ['--expose-gc', '--max-old-space-size=8192', 'bench/run_peer.mjs', peer, path || '-', job, String(repeat)]]
}

function once (peer, path, job) {
  const repeat = slow(peer, job) && jobs[job].cold ? 1 : jobs[job].repeat ?? 1
  const answer = JSON.parse(execFileSync(...command(peer, path, job, repeat),
    { encoding: 'utf8', maxBuffer: 1 << 24, timeout: processTimeout, stdio: ['ignore', 'pipe', 'pipe'] }))
  if (!answer.text_ok) throw new Error(`${peer} ${job}: the result came out wrong`)
  return answer
}

const median = numbers => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const afterSkipped = (times, job) => times.length > (jobs[job].skip ?? 0) ? times.slice(jobs[job].skip ?? 0) : times

/** Every peer in turn, `rounds` times: by peer { value, cold, memory, runs, bytes, edits }. */
function measure (path, job, peers, rounds) {
  const answers = Object.fromEntries(peers.map(peer => [peer, []]))
  for (let round = 0; round < rounds; ++round) {
    for (const peer of peers) {
      if (round > 0 && (slow(peer, job) || answers[peer].includes(null))) continue
      try {
        answers[peer].push(once(peer, path, job))
      } catch (error) {
        const why = error.code === 'ETIMEDOUT' ? `not done after ${processTimeout / 1000} s` : String(error.stderr || error.message).trim().split('\n').at(-1)
        console.error(`bench: ${peer} ${job}: ${why}`)
        answers[peer].push(null)
      }
    }
  }
  const cells = {}
  for (const [peer, all] of Object.entries(answers)) {
    const good = all.filter(answer => answer !== null)
    if (good.length === 0) continue
    cells[peer] = {
      value: median(good.flatMap(answer => afterSkipped(answer.cpu_ms, job))),
      cold: median(good.map(answer => answer.cpu_ms[0])),
      memory: median(good.map(answer => answer.rss_bytes ?? 0)),
      runs: good.length,
      bytes: good[0].bytes,
      edits: good[0].edits
    }
  }
  return cells
}

/** The rows of one job: its time, and what sizes it told. */
function rowsOf (recording, job, cells) {
  const { title, measure = 'time', also } = jobs[job]
  const of = (field, wanted = () => true) => Object.fromEntries(Object.entries(cells)
    .filter(([peer, cell]) => cell[field] > 0 && wanted(peer))
    .map(([peer, cell]) => [peer, { value: cell[field], edits: cell.edits, runs: cell.runs }]))
  const rows = []
  if (measure === 'memory') rows.push({ recording, job, title, measure, cells: of('memory') })
  else rows.push({ recording, job, title, measure, cells })
  if (also === 'memory') rows.push({ recording, job, title: `${title}: memory`, measure: 'memory', cells: of('memory') })
  if (job === 'load_v1' || job === 'load_v2') rows.push({ recording, job, title: `size of the state (${job.slice(-2)}, or its own format)`, measure: 'size', cells: of('bytes') })
  return rows
}

const given = options()
if (!existsSync(syncline)) {
  console.error(`bench: ${syncline} is not there: make bench builds it`)
  process.exit(1)
}
mkdirSync(`${out}/traces`, { recursive: true })
const native = given.native ? buildNative() : null
const measured = [...given.peers, ...(native?.built ? Object.keys(nativePeers) : [])]
const columns = [...given.peers, ...(native ? Object.keys(nativePeers) : [])]
const version = name => JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version
const machine = [`${cpus()[0].model}, ${cpus().length} CPUs`, `node ${process.version}`,
  ...given.peers.map(peer => `${peer} ${version(peer)}`), ...(native ? [native.versions] : [])].join('; ')

const rows = []
const recorded = recordings(given.traces)
const work = [
  ...recorded.flatMap(recording => given.jobs.filter(job => jobs[job].recorded).map(job => ({ job, recording }))),
  ...given.jobs.filter(job => !jobs[job].recorded).map(job => ({ job, recording: null }))
]
for (const { job, recording } of work) {
  let path = ''
  if (recording) {
    path = `${out}/traces/${recording.name}.json`
    writeFileSync(path, recording.content)
    recording.concurrent ??= JSON.parse(recording.content).kind === 'concurrent'
    if (!suits(job, recording.concurrent)) continue
  }
  const cells = measure(path, job, ['syncline', ...measured.filter(peer => can(peer, job, recording?.concurrent ?? false))], given.rounds)
  if (native && !native.built) derive(cells, recording?.name, job)
  rows.push(...rowsOf(recording?.name ?? '', job, cells))
  console.error(`bench: ${recording?.name ?? ''} ${job} done`)
}
const explanation = `${machine}. Median CPU time of ${given.rounds} alternating rounds (slow rivals: 1); n× = times Syncline's${native && !native.built ? '; derived: yjs’s time here × the ratio in bench/anchors.json' : ''}.`
const text = `${table(rows, columns)}\n\n${explanation}\n\n${wins(rows)}\n`
console.log(text)
writeFileSync(`${out}/table.md`, text)
writeFileSync(`${out}/results.json`, JSON.stringify({ machine, rows }, null, 1))
writeFileSync(`${out}/chart.svg`, chart(rows.filter(({ job, measure }) => jobs[job].chart && measure === 'time').map(({ recording, title, cells }) => ({
  label: recording ? `${recording}: ${title}` : title,
  values: Object.fromEntries(Object.entries(cells).filter(([, cell]) => !cell.derived).map(([peer, cell]) => [peer, cell.value]))
})), machine))
console.log(`${out}/table.md, results.json and chart.svg written`)
