// What `make bench` measures: every job of `syncline bench engine`, and who of the rivals can do the same.
import { rows } from './crdt_benchmarks.mjs'

// A process that loads one document usually loads more, and JavaScript is slow until it is warm: the first repeats of a
// process are left out, for everybody alike. Jobs without a `repeat` take long enough to be done once a process.
const warm = { repeat: 9, skip: 4 }
const everybody = ['yjs', 'json-joy', 'loro-crdt', '@automerge/automerge', 'yrs', 'loro', 'automerge', 'diamond-types']
const npm = everybody.slice(0, 4)
const recorded = { recorded: true, peers: everybody }
const onYjs = { peers: ['yjs'] }

/**
 * By name: `title`, how often it is done in a process and how many of those are left out, who can do it, whether it is
 * a recording's and whose (`one` or `several` authors), `measure`: 'memory' for bytes, `each`: what its edits are called,
 * `cold`: the first repeat is told too, `chart`: it is in the chart.
 */
export const jobs = {
  local: { title: 'typing, a transaction an edit', ...recorded, chart: true, authors: 'one', each: 'edit' },
  local_update: { title: 'typing + an update an edit', ...recorded, chart: true, authors: 'one', each: 'edit' },
  remote: { title: 'remote edits, an update at a time', ...recorded, chart: true, each: 'edit' },
  live: { title: 'live replicas, exchanged as recorded', ...recorded, chart: true, authors: 'several' },
  merge: { title: 'merge updates, a thousand at a time', ...recorded, peers: ['yjs', 'yrs'] },
  load_v1: { title: 'load the state (v1), read the text', ...recorded, chart: true, ...warm },
  load_v2: { title: 'load the state (v2), read the text', ...recorded, chart: true, ...warm, peers: ['yjs', 'yrs'] },
  encode_v1: { title: 'encode the state (v1)', ...recorded, chart: true, ...warm },
  encode_v2: { title: 'encode the state (v2)', ...recorded, chart: true, ...warm, peers: ['yjs', 'yrs'] },
  memory: { title: 'memory of a loaded document', ...recorded, measure: 'memory', peers: ['yjs', 'json-joy', 'loro-crdt', 'yrs', 'loro', 'automerge', 'diamond-types'] },
  b4x100: { title: 'typed a hundred times over', ...recorded, authors: 'one', each: 'edit', onRequest: true, ...onYjs },
  hub_update: { title: 'a hub takes an update of 30 bytes', recorded: true, each: 'update', repeat: 5, skip: 1, ...onYjs },
  diff: { title: 'what somebody missed, from the stored state', recorded: true, ...warm, ...onYjs },
  diff_loaded: { title: 'what somebody missed, from a loaded document', recorded: true, ...warm, ...onYjs },
  merge_small: { title: 'merge a thousand updates', recorded: true, ...warm, ...onYjs },
  observed: { title: 'a map entry set, observed', each: 'change', repeat: 5, skip: 1, ...onYjs },
  observed_field: { title: 'an object’s field set, observed with its path and value', each: 'change', repeat: 5, skip: 1, ...onYjs },
  verdict_all: { title: 'may it write? everything', each: 'write', repeat: 5, skip: 1, peers: [] },
  verdict_path: { title: 'may it write? by path, one rule', each: 'node', repeat: 5, skip: 1, peers: [] },
  verdict_path_1000: { title: 'may it write? by path, 1000 rules', each: 'node', repeat: 5, skip: 1, peers: [] },
  small_objects: { title: 'load small objects', each: 'object', also: 'memory', ...onYjs },
  tombstones_20: { title: 'load 20 MB of tombstones', also: 'memory', ...onYjs },
  tombstones: { title: 'load 200 MB of tombstones', also: 'memory', onRequest: true, peers: [] },
  ...Object.fromEntries(Object.entries(rows).map(([name, title]) =>
    [name, { title: `${name.toUpperCase()} ${title}`, repeat: 5, skip: 2, cold: true, peers: npm }]))
}

/** Whether a job can be done on a recording of one author or several. */
export const suits = (job, concurrent) => !jobs[job].authors || (jobs[job].authors === 'several') === concurrent

/** What somebody would need minutes for is left out: Automerge takes a millisecond for each update of somebody else. */
export const can = (peer, job, concurrent) => jobs[job].peers.includes(peer) &&
  !(peer === '@automerge/automerge' && (concurrent || ['local_update', 'remote', 'b3.1', 'b3.2', 'b3.3', 'b3.4'].includes(job))) &&
  !(peer === 'automerge' && (concurrent || job === 'remote'))

/** Who needs so long that once must do. */
export const slow = (peer, job) => ['@automerge/automerge', 'automerge'].includes(peer) || job === 'b4x100' ||
  (peer === 'loro-crdt' && ['local_update', 'remote', 'live'].includes(job)) ||
  (peer === 'loro' && ['remote', 'live'].includes(job)) ||
  (peer === 'yrs' && ['local', 'local_update'].includes(job))
