// node bench/yjs_engine.mjs TRACE.json JOB REPEAT: what bench_engine does, with yjs, in the same terms.
import { readFileSync } from 'node:fs'
import * as Y from 'yjs'

const [path, job, repeat] = process.argv.slice(2)
const trace = JSON.parse(readFileSync(path, 'utf8'))
const patches = trace.txns.flatMap((txn) => txn.patches)
const cpuMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e3 }

function type (encodeState) {
  const doc = new Y.Doc()
  doc.clientID = 2917483021
  const text = doc.getText('text')
  let updateBytes = 0
  doc.on('update', (update) => { updateBytes += update.length })
  if (trace.startContent) text.insert(0, trace.startContent)
  for (const [position, removed, inserted] of patches) {
    doc.transact(() => {
      if (removed > 0) text.delete(position, removed)
      if (inserted) text.insert(position, inserted)
    })
  }
  return { text: text.toString(), updateBytes, state: encodeState ? Y.encodeStateAsUpdate(doc) : null }
}

const state = job === 'load_v1' ? type(true).state : null
const times = []
let bytes = 0
let ok = true
for (let run = 0; run < Number(repeat); run++) {
  const before = cpuMs()
  if (job === 'load_v1') {
    const doc = new Y.Doc()
    Y.applyUpdate(doc, state)
    const text = doc.getText('text').toString()
    times.push(cpuMs() - before)
    ok &&= text === trace.endContent
    bytes = state.length
  } else {
    const typed = type(false)
    times.push(cpuMs() - before)
    ok &&= typed.text === trace.endContent
    bytes = typed.updateBytes
  }
}
console.log(JSON.stringify({ job, edits: patches.length, cpu_ms: times, bytes, text_ok: ok }))
process.exit(ok ? 0 : 1)
