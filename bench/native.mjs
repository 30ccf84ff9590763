// The rivals that are native libraries: built from bench/peers by cargo where that can be done, else what they need is
// derived from yjs's time in this run and the ratios measured once elsewhere (anchors.json).
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const folder = 'bench/peers'
const target = 'build/bench/peers'
const program = `${target}/release/syncline-bench-peers`

/** By name: the program that does its jobs. */
export const nativePeers = { yrs: program, loro: program, automerge: program, 'diamond-types': program }

/** { built, versions }. Says why where it cannot be built. */
export function buildNative () {
  const anchors = readAnchors()
  const derived = { built: false, versions: `derived: ${anchors.versions}` }
  try {
    execFileSync('cargo', ['build', '--release', '--quiet', '--manifest-path', `${folder}/Cargo.toml`, '--target-dir', target], { stdio: ['ignore', 'inherit', 'pipe'] })
  } catch (error) {
    const why = error.code === 'ENOENT' ? 'there is no cargo' : String(error.stderr).trim().split('\n').at(-1)
    console.error(`bench: native rivals cannot be built (${why}): their ratios are derived`)
    return derived
  }
  const manifest = readFileSync(`${folder}/Cargo.toml`, 'utf8')
  const versions = Object.keys(nativePeers).map(name => `${name} ${new RegExp(`^${name} = "=([^"]*)"`, 'm').exec(manifest)?.[1]}`)
  return { built: true, versions: `native: ${versions.join(', ')}` }
}

const readAnchors = () => JSON.parse(readFileSync('bench/anchors.json', 'utf8'))

/** Adds the cells that the anchors tell of. */
export function derive (cells, recording, job) {
  const ratios = readAnchors().ratios[recording]?.[job] ?? {}
  for (const [peer, ratio] of Object.entries(ratios)) {
    if (cells.yjs) cells[peer] = { value: cells.yjs.value * ratio, memory: cells.yjs.memory * ratio, edits: cells.yjs.edits, derived: true }
  }
}
