// What `make bench` prints: a table with ratios, and where rivals win.
import { jobs } from './jobs.mjs'

const number = value => value >= 100 ? value.toFixed(0) : value.toPrecision(3)
const ratio = value => `${number(value)}×`
const amount = (measure, value) => measure === 'memory'
  ? value >= 1e6 ? `${(value / 1e6).toFixed(2)} MB` : `${Math.round(value)} bytes`
  : measure === 'size' ? `${value} bytes` : `${number(value)} ms`
const short = peer => peer.replace('@automerge/automerge', 'automerge (npm)')

/**
 * `rows`: [{ recording, job, title, measure, cells }] with `cells` by peer: { value, cold, edits, derived }.
 * Markdown, a column for each of `peers`.
 */
export function table (rows, peers) {
  const lines = [`| recording | job | syncline | ${peers.map(short).join(' | ')} |`, `|${'---|'.repeat(peers.length + 3)}`]
  for (const { recording, job, title, measure, cells } of rows) {
    const ours = cells.syncline
    if (!ours) continue
    const { each, cold } = jobs[job]
    const notes = []
    if (each && measure === 'time') notes.push(`${number(ours.value * 1e6 / ours.edits)} ns ${/^[aeiou]/.test(each) ? 'an' : 'a'} ${each}`)
    if (cold) notes.push(`cold ${number(ours.cold)} ms`)
    const mine = amount(measure, ours.value) + (notes.length > 0 ? ` (${notes.join('; ')})` : '')
    const others = peers.map(peer => {
      const theirs = cells[peer]
      if (!theirs) return ''
      if (theirs.derived) return `derived: ${ratio(theirs.value / ours.value)}`
      const first = cold && theirs.cold ? ` (cold ${ratio(theirs.cold / ours.cold)})` : ''
      return `${amount(measure, theirs.value)}, ${ratio(theirs.value / ours.value)}${first}`
    })
    lines.push(`| ${recording} | ${title} | ${mine} | ${others.join(' | ')} |`)
  }
  return lines.join('\n')
}

/** One line for each cell in which a rival needs less than Syncline, or all of them lost. */
export function wins (rows) {
  const lines = rows.flatMap(({ recording, title, measure, cells }) => Object.entries(cells)
    .filter(([peer, cell]) => peer !== 'syncline' && cells.syncline && cell.value < cells.syncline.value)
    .map(([peer, cell]) => `- ${short(peer)}${cell.derived ? ' (derived)' : ''}: ${recording ? recording + ', ' : ''}${title}: ` +
      `${amount(measure, cell.value)} against ${amount(measure, cells.syncline.value)}`))
  return lines.length === 0 ? 'Rivals win no row.' : `Rivals win:\n\n${lines.join('\n')}`
}
