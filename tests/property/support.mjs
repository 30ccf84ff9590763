// What the randomized tests beside yjs share: chance from a seed, the engine as a child process, values in the
// forms of docs/ENGINE.md, and the loop over seeds. SYNCLINE_TRANSCRIPT=FILE keeps all of a failing run.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import * as Y from 'yjs'
import { base64, bytes, canonicalJson, writeValue } from '../conformance/values.mjs'

export { base64, bytes }

// ---- chance ----

/** A seeded generator of its own (xorshift128, seeded through a multiplicative hash). */
export class Chance {
  constructor (seed) {
    let state = seed >>> 0
    const mix = () => {
      state = (state + 0x9e3779b9) >>> 0
      let z = state
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
      return (z ^ (z >>> 16)) >>> 0
    }
    this.words = [mix(), mix(), mix(), mix() | 1]
  }

  bits () {
    const [a, , , d] = this.words
    const t = a ^ (a << 11)
    const next = (d ^ (d >>> 19) ^ t ^ (t >>> 8)) >>> 0
    this.words = [this.words[1], this.words[2], d, next]
    return next
  }

  /** A whole number from 0 to `end` - 1. */
  below (end) { return Math.floor((this.bits() / 2 ** 32) * end) }
  /** A whole number of the closed range. */
  from (first, last) { return first + this.below(last - first + 1) }
  chance (probability) { return this.bits() / 2 ** 32 < probability }
  pick (list) { return list[this.below(list.length)] }
  /** One of [weight, value] pairs' values. */
  weighted (pairs) {
    let left = this.below(pairs.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, value] of pairs) if ((left -= weight) < 0) return value
  }

  shuffled (list) {
    const out = [...list]
    for (let i = out.length - 1; i > 0; --i) {
      const j = this.below(i + 1);
      [out[i], out[j]] = [out[j], out[i]]
    }
    return out
  }

  /** A client id: small, of 32 bits as Yjs 13 draws them, or of 53. */
  client (taken) {
    for (;;) {
      const id = this.weighted([[1, this.from(0, 9)], [2, this.bits()], [1, this.from(0, 2 ** 21 - 1) * 2 ** 32 + this.bits()]])
      if (!taken.has(id)) {
        taken.add(id)
        return id
      }
    }
  }
}

// ---- the engine ----

/** `syncline engine` as a child process. Requests are answered in order. */
export class Engine {
  constructor (binary) {
    this.child = spawn(binary, ['engine'], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.waiting = []
    this.transcript = []
    this.last = 0
    createInterface({ input: this.child.stdout }).on('line', line => this.waiting.shift().resolve(JSON.parse(line)))
    this.child.on('exit', (status, signal) => {
      const why = new Error(`the engine ended: ${signal ?? `status ${status}`}`)
      for (const { reject } of this.waiting.splice(0)) reject(why)
      this.dead = why
    })
  }

  /** The whole answer, refusals included. */
  ask (request) {
    const line = JSON.stringify({ id: ++this.last, ...request })
    this.transcript.push(line)
    return this.line(line)
  }

  /** The answer to a line as it is; nothing is kept of it. */
  line (line) {
    if (this.dead) return Promise.reject(this.dead)
    this.child.stdin.write(line + '\n')
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }))
  }

  /** The answer; throws where it is a refusal. */
  async call (request) {
    const answer = await this.ask(request)
    if (!answer.ok) throw new Failure(`${request.op} was refused: ${JSON.stringify(answer.error)}`)
    return answer
  }

  /** Ends one run: its documents are dropped. */
  async reset () {
    const names = this.transcript.map(line => JSON.parse(line)).filter(({ op }) => op === 'doc.new').map(({ doc }) => doc)
    for (const doc of names) await this.call({ op: 'doc.drop', doc })
    this.transcript = []
  }

  close () { this.child.stdin.end() }
}

// ---- values ----

const words = ['', 'a', 'plan', 'b c', 'ä', 'ß→', '😀', 'x😀y', '\n', '"', '\\', '\u0000', '\ufeff', 'e\u0301', '👩‍👩‍👧']
export const keys = ['a', 'b', 'c', 'title', '1', '0', 'ключ', '']

/** Text to type; halves of surrogate pairs come up by cutting. */
export function someText (chance) {
  let text = ''
  for (let n = chance.from(1, 4); n > 0; --n) text += chance.pick(words)
  return text
}

/** A plain value as [its JSON form with tags, what Yjs is given]. */
export function someValue (chance, depth = 0, element = false) {
  const tagged = [
    [{ $bytes: base64([1, 2, 255]) }, new Uint8Array([1, 2, 255])],
    [{ $float: 'NaN' }, NaN], [{ $float: '-Infinity' }, -Infinity], [{ $float: '-0' }, -0]
  ]
  // Yjs refuses these two as elements of an array.
  if (!element) tagged.push([{ $undefined: true }, undefined], [{ $bigint: '-9007199254740993' }, -9007199254740993n])
  const plain = () => {
    const value = chance.pick([null, true, false, 0, 1, -1, 42, 63, 64, -64, 1e9, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53, 0.5, 1 / 3, 1e300, someText(chance)])
    return [value, value]
  }
  switch (chance.weighted([[6, 'plain'], [1, 'tagged'], [depth < 2 ? 1 : 0, 'list'], [depth < 2 ? 1 : 0, 'object']])) {
    case 'plain': return plain()
    case 'tagged': return chance.pick(tagged)
    case 'list': {
      const items = Array.from({ length: chance.below(3) }, () => someValue(chance, depth + 1))
      return [items.map(([json]) => json), items.map(([, value]) => value)]
    }
    case 'object': {
      const members = Array.from({ length: chance.below(3) }, () => [chance.pick(keys), someValue(chance, depth + 1)])
      return [Object.fromEntries(members.map(([key, [json]]) => [key, json])), Object.fromEntries(members.map(([key, [, value]]) => [key, value]))]
    }
  }
}

/** Attributes of text, fresh objects each time: Yjs tells objects apart. */
export function someAttributes (chance) {
  const value = () => chance.weighted([[3, true], [3, null], [2, 'red'], [1, 1], [1, { deep: [1.5] }], [1, { x: 1, y: null }], [1, []], [1, '😀']])
  return Object.fromEntries(Array.from({ length: chance.weighted([[1, 0], [6, 1], [2, 2], [1, 3]]) }, () => [chance.pick(['b', 'color', 'a', '7', '10']), value()]))
}
const copy = json => JSON.parse(JSON.stringify(json))

/** What stands in a text as one unit, as [its JSON form, a function that makes it]. */
function someEmbed (chance) {
  const plain = value => [value, () => copy(value)]
  return chance.weighted([
    [4, plain({ image: someText(chance), size: 0.1 })], [1, plain(5)], [1, plain(false)], [1, plain([1, null])],
    [1, [{ $type: 'map', entries: { k: 1 } }, () => new Y.Map([['k', 1]])]],
    [1, [{ $type: 'xml-element', name: 'img', attributes: { src: 'x' } }, () => { const e = new Y.XmlElement('img'); e.setAttribute('src', 'x'); return e }]]
  ])
}

/** A delta for a text with these places between characters, as [its JSON form, a function that makes it]. */
function someDelta (chance, places) {
  const ops = []
  let at = 0
  for (let n = chance.from(1, 5); n > 0; --n) {
    const next = Math.min(at + chance.below(4), places.length - 1)
    const length = places[next] - places[at]
    const attributes = chance.chance(0.5) ? { attributes: someAttributes(chance) } : {}
    switch (chance.below(4)) {
      case 0: ops.push([{ insert: someText(chance), ...attributes }]); break
      case 1: {
        const [json, make] = someEmbed(chance)
        ops.push([{ insert: json, ...attributes }, () => ({ insert: make(), ...copy(attributes) })])
        break
      }
      case 2:
        // Past the end at the end only: what follows would cut a pair.
        ops.push([{ retain: next === places.length - 1 && chance.chance(0.1) ? length + 2 : length, ...attributes }])
        at = next
        break
      // Yjs throws where it is to delete from a text that never held anything.
      case 3: if (places.length > 1) { ops.push([{ delete: length }]); at = next } break
    }
  }
  return [ops.map(([json]) => json), () => ops.map(([json, make]) => make ? make() : copy(json))]
}

/** A subdocument, a value that is a document of its own. */
function someSubdocument (chance) {
  const options = chance.pick([{}, { autoLoad: true }, { gc: false }, { meta: { a: 1 } }, { meta: 'x', autoLoad: true, gc: false }, { gc: true, autoLoad: false, meta: null }, { shouldLoad: false }])
  const guid = `guid-${chance.below(4)}`
  return [{ $type: 'doc', guid, options }, () => new Y.Doc({ guid, ...options })]
}

/** A value or a new shared type, as [its JSON form, a function that makes what Yjs is given]. */
export function someInput (chance, depth = 0, element = false) {
  const kind = depth > 2 ? 'value' : chance.weighted([[8, 'value'], [2, 'map'], [2, 'array'], [2, 'text'], [2, 'xml'], [1, 'doc']])
  const inner = (count, ofElement) => Array.from({ length: count }, () => someInput(chance, depth + 1, ofElement))
  switch (kind) {
    case 'value': {
      const [json, value] = someValue(chance, 0, element)
      return [json, () => value]
    }
    case 'map': {
      const entries = new Map(inner(chance.below(3), false).map(input => [chance.pick(keys.slice(0, 4)), input]))
      return [
        { $type: 'map', entries: Object.fromEntries([...entries].map(([key, [json]]) => [key, json])) },
        () => new Y.Map([...entries].map(([key, [, make]]) => [key, make()]))
      ]
    }
    case 'array': {
      const items = inner(chance.below(3), true)
      return [{ $type: 'array', values: items.map(([json]) => json) }, () => Y.Array.from(items.map(([, make]) => make()))]
    }
    case 'text': return someNewText(chance, 'text', () => new Y.Text())
    case 'xml': return someXml(chance, depth)
    case 'doc': return someSubdocument(chance)
  }
}

function someNewText (chance, $type, start) {
  if (chance.chance(0.4)) {
    const [delta, make] = someDelta(chance, [0])
    return [{ $type, delta }, () => { const made = start(); made.applyDelta(make()); return made }]
  }
  const text = chance.chance(0.3) ? '' : someText(chance)
  return [{ $type, text }, () => { const made = start(); made.insert(0, text); return made }]
}

/** A new XML type. */
export function someXml (chance, depth = 0) {
  const children = () => depth > 2 ? [] : Array.from({ length: chance.below(3) }, () => someXml(chance, depth + 1))
  switch (chance.weighted([[4, 'element'], [4, 'text'], [1, 'fragment'], [1, 'hook']])) {
    case 'element': {
      const name = chance.pick(['p', 'LI', 'h1'])
      const inside = children()
      const attributes = new Map(Array.from({ length: chance.below(3) }, () => [chance.pick(['id', 'class', 'x']), someInput(chance, 2)]))
      return [
        { $type: 'xml-element', name, attributes: Object.fromEntries([...attributes].map(([key, [json]]) => [key, json])), children: inside.map(([json]) => json) },
        () => {
          const made = new Y.XmlElement(name)
          made.insert(0, inside.map(([, make]) => make()))
          for (const [key, [, make]] of attributes) made.setAttribute(key, make())
          return made
        }
      ]
    }
    case 'text': return someNewText(chance, 'xml-text', () => new Y.XmlText())
    case 'fragment': {
      const inside = children()
      return [{ $type: 'xml-fragment', children: inside.map(([json]) => json) }, () => { const made = new Y.XmlFragment(); made.insert(0, inside.map(([, make]) => make())); return made }]
    }
    case 'hook': {
      const [json, value] = someValue(chance)
      return [{ $type: 'xml-hook', name: 'hook', entries: { k: json } }, () => { const made = new Y.XmlHook('hook'); made.set('k', value); return made }]
    }
  }
}

/** What Yjs holds, in the JSON form of docs/ENGINE.md with members sorted, as one comparable text. */
export const canonical = value => canonicalJson(writeValue(value))

// ---- operations ----

const constructors = { map: Y.Map, array: Y.Array, text: Y.Text, 'xml-fragment': Y.XmlFragment, 'xml-element': Y.XmlElement, 'xml-text': Y.XmlText, 'xml-hook': Y.XmlHook }
const kindOf = type => Object.keys(constructors).find(kind => type.constructor === constructors[kind])
/** A root of a Yjs document. */
export const rootOf = (doc, name, kind) => doc.get(name, constructors[kind])

/** Every shared type of a document: [{target, type, kind}]. */
export function placesOf (doc, roots) {
  const out = []
  const walk = (type, root, path) => {
    const kind = kindOf(type)
    out.push({ type, kind, target: path.length === 0 ? root : { ...root, path } })
    const step = (value, at) => { if (value instanceof Y.AbstractType) walk(value, root, [...path, at]) }
    if (kind === 'map' || kind === 'xml-hook') for (const [key, value] of type.entries()) step(value, key)
    if (kind === 'array' || kind === 'xml-fragment' || kind === 'xml-element') type.toArray().forEach(step)
    if (kind === 'xml-element' || kind === 'xml-text') for (const [key, value] of Object.entries(type.getAttributes())) step(value, key)
  }
  for (const [name, kind] of Object.entries(roots)) walk(rootOf(doc, name, kind), { root: name, type: kind }, [])
  return out
}

/**
 * The positions in a text that are not inside a surrogate pair. Where formatting turns out to change nothing Yjs still
 * cuts the pair, and then differs from other Yjs documents: not a thing to compare with.
 */
function wholeCharacters (text) {
  const places = [0]
  for (const { insert } of text.toDelta()) {
    for (const character of typeof insert === 'string' ? insert : 'x') places.push(places.at(-1) + character.length)
  }
  return places
}

function someRichOperation (chance, { type, target }) {
  const places = wholeCharacters(type)
  const first = chance.below(places.length)
  const at = places[first]
  const length = places[Math.min(first + chance.below(6), places.length - 1)] - at
  const attributes = someAttributes(chance)
  switch (chance.weighted([[3, 'insert'], [4, 'format'], [2, 'embed'], [2, 'delta']])) {
    case 'insert': {
      const text = someText(chance)
      return { json: { op: 'text.insert', target, at, text, attributes }, apply: () => type.insert(at, text, copy(attributes)) }
    }
    case 'format': {
      const more = at + length === places.at(-1) && chance.chance(0.1) ? 3 : 0
      return { json: { op: 'text.format', target, at, length: length + more, attributes }, apply: () => type.format(at, length + more, copy(attributes)) }
    }
    case 'embed': {
      const [value, make] = someEmbed(chance)
      const given = chance.chance(0.5) ? { attributes } : {}
      return { json: { op: 'text.embed', target, at, value, ...given }, apply: () => type.insertEmbed(at, make(), given.attributes && copy(given.attributes)) }
    }
    case 'delta': {
      const [delta, make] = someDelta(chance, places)
      return { json: { op: 'text.apply_delta', target, delta }, apply: () => type.applyDelta(make()) }
    }
  }
}

/** One random operation at a place: `json` for the engine, `apply()` for Yjs. */
export function someOperation (chance, place) {
  const { type, kind, target } = place
  if (kind === 'map' || kind === 'xml-hook') {
    const key = chance.pick(keys)
    if (chance.chance(0.03)) return { json: { op: 'map.clear', target }, apply: () => type.clear() }
    if (chance.chance(0.25)) return { json: { op: 'map.delete', target, key }, apply: () => type.delete(key) }
    const [json, make] = someInput(chance)
    return { json: { op: 'map.set', target, key, value: json }, apply: () => type.set(key, make()) }
  }
  if ((kind === 'xml-element' || kind === 'xml-text') && chance.chance(0.3)) {
    const name = chance.pick(['id', 'class', 'x'])
    if (chance.chance(0.3)) return { json: { op: 'xml.remove_attribute', target, name }, apply: () => type.removeAttribute(name) }
    const [value, make] = someInput(chance, 1)
    return { json: { op: 'xml.set_attribute', target, name, value }, apply: () => type.setAttribute(name, make()) }
  }
  const past = chance.chance(0.02) ? chance.from(1, 3) : 0
  const at = past > 0 ? type.length + past : chance.below(type.length + 1)
  const length = chance.chance(0.02) ? type.length + 1 : chance.below(Math.min(type.length - at, 5) + 1)
  if (kind === 'text' || kind === 'xml-text') {
    // Some texts stay plain.
    if (target.root !== 't' && chance.chance(0.5)) return someRichOperation(chance, place)
    if (type.length > 0 && chance.chance(0.35)) {
      return { json: { op: 'text.delete', target, at, length: Math.max(length, 0) }, apply: () => type.delete(at, Math.max(length, 0)) }
    }
    const text = someText(chance)
    return { json: { op: 'text.insert', target, at, text }, apply: () => type.insert(at, text) }
  }
  const xml = kind === 'xml-fragment' || kind === 'xml-element'
  if (type.length > 0 && chance.chance(0.35)) {
    return { json: { op: xml ? 'xml.delete' : 'array.delete', target, at, length: Math.max(length, 0) }, apply: () => removeElements(type, at, Math.max(length, 0)) }
  }
  const inputs = Array.from({ length: chance.from(1, 3) }, () => xml ? someXml(chance) : someInput(chance, 0, true))
  const values = inputs.map(([json]) => json)
  const make = () => inputs.map(([, one]) => one())
  if (!xml && chance.chance(0.3)) return { json: { op: 'array.push', target, values }, apply: () => type.push(make()) }
  return { json: { op: xml ? 'xml.insert' : 'array.insert', target, at, values }, apply: () => type.insert(at, make()) }
}

/**
 * Yjs leaves its search markers as they were when it refuses a deletion halfway; from then on its positions are wrong
 * (13.6.33 puts the next element elsewhere). So they are forgotten, as a remote change makes it do.
 */
function removeElements (type, at, length) {
  try {
    type.delete(at, length)
  } catch (error) {
    if (type._searchMarker) type._searchMarker = []
    throw error
  }
}

// ---- the loop over seeds ----

export class Failure extends Error {}

export function expectEqual (what, ours, theirs) {
  if (ours === theirs) return
  throw new Failure(`${what} differs\n  syncline: ${ours}\n  yjs:      ${theirs}`)
}

/**
 * Runs `body(engine, chance, steps)` for seed after seed until the time budget, or the count in SYNCLINE_SEEDS, is used up; short runs first, so that
 * what fails is found small. A failure prints how to run it again, and the run as lines for `syncline engine`.
 */
export async function runSeeds (name, body, defaultSeconds = 30) {
  const binary = process.argv[2]
  if (!binary) {
    console.error(`usage: node tests/property/${name}.mjs PATH_OF_SYNCLINE`)
    process.exit(2)
  }
  const one = process.env.SYNCLINE_SEED ? Number(process.env.SYNCLINE_SEED) : null
  const seconds = Number(process.env.SYNCLINE_PROPERTY_SECONDS ?? defaultSeconds)
  const first = one ?? Number(process.env.SYNCLINE_FIRST_SEED ?? Math.floor(Date.now() % 1e9))
  const wanted = process.env.SYNCLINE_SEEDS ? Number(process.env.SYNCLINE_SEEDS) : null
  const end = Date.now() + seconds * 1000
  console.log(`${name}: seeds from ${first}`)
  const engine = new Engine(binary)
  let runs = 0
  for (let seed = first; runs === 0 || (one === null && (wanted === null ? Date.now() < end : runs < wanted)); ++seed, ++runs) {
    try {
      // Now and then a long run: lists and documents that outgrow what is simply walked.
      await body(engine, new Chance(seed), seed % 50 === 0 ? 600 : 3 + seed % 60)
      await engine.reset()
    } catch (error) {
      if (process.env.SYNCLINE_TRANSCRIPT) writeFileSync(process.env.SYNCLINE_TRANSCRIPT, engine.transcript.join('\n') + '\n')
      const shown = engine.transcript.length <= 80 ? engine.transcript : ['…', ...engine.transcript.slice(-80)]
      console.error(`the run, for \`syncline engine\`:\n${shown.join('\n')}`)
      console.error(`${name}: seed ${seed} failed: ${error instanceof Failure ? error.message : error.stack}`)
      console.error(`again: SYNCLINE_SEED=${seed} node tests/property/${name}.mjs ${binary}`)
      process.exit(1)
    }
  }
  engine.close()
  console.log(`${name}: ${runs} seeds passed, ${first} to ${first + runs - 1}`)
}
