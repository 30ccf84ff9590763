// node bench/report.mjs TRACE JOB < results: medians of the alternating runs and their ratio.
import { readFileSync } from 'node:fs'

const [trace, job] = process.argv.slice(2)
const rows = readFileSync(0, 'utf8').trim().split('\n').map((line) => {
  const space = line.indexOf(' ')
  return { engine: line.slice(0, space), ...JSON.parse(line.slice(space + 1)) }
})
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const of = (engine) => rows.filter((row) => row.engine === engine)
const time = (engine) => median(of(engine).flatMap((row) => row.cpu_ms))
const ours = time('syncline')
const yjs = time('yjs')
console.log(`${trace} ${job}: syncline ${ours.toFixed(2)} ms, yjs ${yjs.toFixed(2)} ms: ${(yjs / ours).toFixed(1)}x ` +
  `(${of('syncline').length} alternating runs, ${rows[0].edits} edits, ${of('syncline')[0].bytes} and ${of('yjs')[0].bytes} bytes)`)
