import { Oracle } from './oracle.mjs'
import { readFileSync } from 'node:fs'
import * as Y from 'yjs'
const [file, doc, root] = process.argv.slice(2)
const o = new Oracle()
const dump = () => { const d = o.docs.get(doc)?.yjs; if (!d) return; const t = d.share.get(root); if (!t) return; const out = []; for (let i = t._start; i; i = i.right) out.push(`${i.id.client}:${i.id.clock}+${i.length}${i.deleted ? 'D' : ''}${i.content.constructor.name.slice(7)}${i.content.key ? '(' + i.content.key + '=' + JSON.stringify(i.content.value) + ')' : i.content.str ? JSON.stringify(i.content.str) : ''}`); console.log(t._hasFormatting, out.join(' ')) }
for (const line of readFileSync(file, 'utf8').split('\n')) { if (!line.startsWith('{"id"')) continue; const r = JSON.parse(line); dump(); const a = o.answer(r); console.log(r.id, r.op, JSON.stringify(a).slice(0, 150)) }
dump()
