// The chart of bench/run.mjs: a group of bars a row, times on a logarithmic scale.
const colours = { syncline: '#0b7285', yjs: '#f08c00', 'json-joy': '#868e96', 'loro-crdt': '#9c36b5', '@automerge/automerge': '#c92a2a', yrs: '#5c940d', loro: '#cc5de8', automerge: '#ff8787', 'diamond-types': '#1864ab' }
const escape = text => text.replace(/[&<>]/g, character => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character])

/** `rows`: [{ label, values: { peer: milliseconds } }]. An SVG document. */
export function chart (rows, caption) {
  const [left, width, bar, gap] = [400, 640, 9, 9]
  const all = rows.flatMap(row => Object.values(row.values))
  const low = Math.floor(Math.log10(Math.min(...all)))
  const high = Math.ceil(Math.log10(Math.max(...all)))
  const x = value => left + (Math.log10(value) - low) / Math.max(high - low, 1) * width
  const parts = []
  let y = 46
  for (const { label, values } of rows) {
    const peers = Object.entries(values)
    parts.push(`<text x="${left - 8}" y="${y + peers.length * bar / 2 + 4}" text-anchor="end">${escape(label)}</text>`)
    for (const [peer, value] of peers) {
      parts.push(`<rect x="${left}" y="${y}" width="${Math.max(x(value) - left, 1).toFixed(1)}" height="${bar - 2}" fill="${colours[peer] ?? '#495057'}"/>`)
      y += bar
    }
    y += gap
  }
  const grid = []
  for (let power = low; power <= high; ++power) {
    const at = x(10 ** power).toFixed(1)
    grid.push(`<line x1="${at}" y1="40" x2="${at}" y2="${y}" stroke="#dee2e6"/><text x="${at}" y="34" text-anchor="middle">${10 ** power} ms</text>`)
  }
  const names = [...new Set(rows.flatMap(row => Object.keys(row.values)))]
  const legend = names.map((name, i) => `<rect x="${left + i * 110}" y="8" width="10" height="10" fill="${colours[name] ?? '#495057'}"/><text x="${left + 15 + i * 110}" y="17">${escape(name.replace('@automerge/automerge', 'automerge (npm)'))}</text>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 30} ${y + 24}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
${[...legend, ...grid, ...parts].join('\n')}
<text x="8" y="${y + 14}" fill="#868e96">CPU time, shorter is better; logarithmic. ${escape(caption)}</text>
</svg>
`
}
