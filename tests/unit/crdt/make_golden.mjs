// Makes the scenarios in golden/: node make_golden.mjs, with yjs 13.6.33 where node finds it.
//
// The files are checked in, so the tests need neither node nor yjs. Make them again only to add
// scenarios: the old ones must come out unchanged.
import * as Y from 'yjs'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { World } from './oracle.mjs'

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'golden')
const text = ['t', 'text']
const list = ['l', 'array']
const map = ['m', 'map']
const xml = ['x', 'xml-fragment']

/** Deterministic chance (mulberry32). */
const random = seed => () => {
  seed = (seed + 0x6D2B79F5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const scenarios = {
  'every content kind' (w) {
    w.make('a', 1)
    w.make('b', 0xfffffff0)
    w.observe('b', list)
    const values = [null, true, false, 0, -1, 2147483647, -2147483648, 4294967296, 1.5, 1e300, 'text', 'é😀',
      { $float: '-0' }, { $float: 'NaN' }, { $float: 'Infinity' }, [], {}, [1, [2, { a: null }]], { k: { $undefined: true } }, { $bytes: '' }, { $bytes: '00ff' }]
    for (const value of values) w.apply('b', w.transact('a', ['array.push', list, [value]]))
    for (const value of [{ $undefined: true }, { $bigint: '-9007199254740993' }, { $type: 'map' }, { $type: 'array', values: [1] }, { $type: 'text', text: 'x' }]) {
      w.apply('b', w.transact('a', ['map.set', map, 'k', value]))
    }
    w.check('a')
    w.check('b')
    // ContentJSON, which yjs reads but no longer writes by itself.
    const json = Buffer.from([1, 1, 9, 0, 2, 1, 1, 0x6a, 3, 1, 0x31, 9, ...Buffer.from('undefined'), 7, ...Buffer.from('{"a":1}'), 0])
    w.apply('a', json)
    w.apply('a', Buffer.from([0, 1, 9, 1, 1, 1]))
    w.yjs('a').getArray('j')
    w.check('a')
    w.recode(Y.encodeStateAsUpdate(w.yjs('a')))
  },

  'nested types' (w) {
    w.make('a', 1)
    w.make('b', 2)
    for (const d of ['a', 'b']) for (const t of [map, list]) w.observe(d, t)
    const both = u => w.apply('b', u)
    both(w.transact('a', ['map.set', map, 'board', { $type: 'map', entries: { title: 'Plan', steps: { $type: 'array', values: [1, { $type: 'map', entries: { done: false } }] }, notes: { $type: 'text', text: 'hi' } } }]))
    both(w.transact('a', ['map.set', ['m', 'map', 'board', 'steps', 1], 'done', true]))
    both(w.transact('a', ['array.insert', ['m', 'map', 'board', 'steps'], 0, ['first', { $type: 'text', text: 'x' }]]))
    both(w.transact('a', ['text.insert', ['m', 'map', 'board', 'notes'], 2, ' there']))
    both(w.transact('a', ['array.delete', ['m', 'map', 'board', 'steps'], 1, 2]))
    both(w.transact('a', ['array.push', list, [{ $type: 'array', values: [{ $type: 'array', values: [{ $type: 'map', entries: { deep: 1 } }] }] }]]))
    both(w.transact('a', ['map.set', ['l', 'array', 0, 0, 0], 'deep', 2], ['array.insert', list, 0, ['before']]))
    w.check('b')
    both(w.transact('a', ['map.set', map, 'board', 'gone']))
    both(w.transact('a', ['array.delete', list, 0, 2]))
    w.check('a')
    w.check('b')
  },

  'xml' (w) {
    w.make('a', 1)
    w.make('b', 2)
    w.observe('b', xml)
    const both = u => w.apply('b', u)
    both(w.transact('a', ['array.insert', xml, 0, [{ $type: 'xml-element', name: 'Section', entries: { id: 's1', b: 'x' }, values: [{ $type: 'xml-text', text: 'hello' }, { $type: 'xml-element', name: 'BR' }] }, { $type: 'xml-text', text: 'tail' }]]))
    both(w.transact('a', ['map.set', ['x', 'xml-fragment', 0], 'class', 'big'], ['map.delete', ['x', 'xml-fragment', 0], 'b']))
    both(w.transact('a', ['text.insert', ['x', 'xml-fragment', 0, 0], 5, ' world']))
    both(w.transact('a', ['array.push', xml, [{ $type: 'xml-hook', name: 'hook' }]]))
    both(w.transact('a', ['array.delete', ['x', 'xml-fragment', 0], 1, 1]))
    w.check('a')
    w.check('b')
  },

  'formats and embeds of others' (w) {
    const author = new Y.Doc()
    author.clientID = 5
    author.on('afterTransaction', tr => { tr._needFormattingCleanup = false })
    w.make('a', 1)
    w.transact('a', ['text.delete', text, 0, 0])
    w.observe('a', text)
    const t = author.getText('t')
    let sent = Y.encodeStateVector(author)
    const send = () => {
      w.apply('a', Y.encodeStateAsUpdate(author, sent))
      sent = Y.encodeStateVector(author)
    }
    t.insert(0, 'plain bold plain')
    send()
    t.format(6, 4, { bold: true })
    send()
    t.insertEmbed(3, { image: 'x.png', size: [1, 2] })
    t.format(0, 3, { link: { href: 'y' }, bold: null })
    send()
    t.insert(8, 'more', { italic: true })
    t.delete(0, 2)
    send()
    Y.applyUpdate(author, w.transact('a', ['text.insert', text, 8, 'inside']))
    Y.applyUpdate(author, w.transact('a', ['text.delete', text, 4, 6]))
    const x = new Y.XmlText()
    author.getXmlFragment('x').insert(0, [x])
    x.insert(0, 'abcdef')
    x.format(1, 3, { em: { a: '1', b: 2 } })
    x.format(2, 3, { bold: true })
    x.insertEmbed(2, { e: 1 })
    send()
    w.yjs('a').getXmlFragment('x')
    w.check('a')
    w.recode(Y.encodeStateAsUpdate(author))
  },

  'subdocuments' (w) {
    w.make('a', 1)
    w.make('b', 2)
    const both = u => w.apply('b', u)
    both(w.transact('a', ['map.set', map, 'd', { $type: 'doc', guid: 'one', options: { meta: { x: 1 }, autoLoad: true, gc: false } }]))
    both(w.transact('a', ['array.push', list, [1, { $type: 'doc', guid: 'two', options: {} }, 2]]))
    both(w.transact('a', ['map.delete', map, 'd']))
    w.check('b')
  },

  'maps' (w) {
    for (const [d, client] of [['a', 3], ['b', 1], ['c', 2]]) {
      w.make(d, client)
      w.observe(d, map)
    }
    const sets = ['a', 'b', 'c'].map(d => w.transact(d, ['map.set', map, 'k', d], ['map.set', map, d, 1]))
    for (const d of ['a', 'b', 'c']) for (const u of d === 'b' ? [...sets].reverse() : sets) w.apply(d, u)
    const more = ['a', 'b', 'c'].map(d => w.transact(d, ['map.set', map, 'k', d + '2'], ['map.set', map, 'k', d + '3'], ['map.delete', map, 'a']))
    for (const d of ['c', 'a', 'b']) for (const u of more) w.apply(d, u)
    for (const d of ['a', 'b', 'c']) w.check(d)
    w.transact('a', ['map.set', map, 'x', 1], ['map.delete', map, 'x'])
    w.transact('a', ['map.delete', map, 'nothing'])
    w.check('a')
  },

  'concurrent text' (w) {
    const all = []
    for (const [d, client] of [['a', 2], ['b', 1], ['c', 9007199254740991]]) w.make(d, client)
    const base = w.transact('a', ['text.insert', text, 0, 'the quick fox'])
    w.apply('b', base)
    w.apply('c', base)
    for (const d of ['a', 'b', 'c']) {
      all.push(w.transact(d, ['text.insert', text, 4, d.repeat(3)]))
      all.push(w.transact(d, ['text.insert', text, 7, '-']))
      all.push(w.transact(d, ['text.insert', text, 4, '<']))
      all.push(w.transact(d, ['text.delete', text, 2, 4]))
    }
    all.forEach(u => w.apply('a', u))
    ;[...all].reverse().forEach(u => w.apply('b', u))
    w.apply('c', w.merge(all))
    for (const d of ['a', 'b', 'c']) w.check(d)
  },

  'tombstones decide where insertions go' (w) {
    w.make('a', 1)
    w.make('b', 2)
    w.transact('a', ['array.push', list, [1, 2, 3, 4]], ['text.insert', text, 0, 'abcd'])
    w.transact('a', ['array.delete', list, 2, 2], ['text.delete', text, 2, 2])
    w.transact('a', ['array.push', list, ['pushed']])
    w.transact('a', ['array.insert', list, 2, ['inserted']])
    w.transact('a', ['text.insert', text, 2, 'X'])
    w.transact('a', ['text.insert', text, 2, 'Y'])
    w.transact('a', ['array.delete', list, 0, 1], ['array.insert', list, 0, ['front']])
    w.check('a')
    w.apply('b', w.since('a', Y.encodeStateVector(w.yjs('b'))))
    w.check('b')
  },

  'pending structs and deletes' (w) {
    w.make('a', 7)
    w.make('b', 3)
    const us = []
    us.push(w.transact('a', ['text.insert', text, 0, 'one ']))
    us.push(w.transact('a', ['map.set', map, 'k', 1]))
    us.push(w.transact('a', ['map.set', map, 'k', 2]))
    us.push(w.transact('a', ['text.insert', text, 4, 'two']))
    us.push(w.transact('a', ['text.delete', text, 1, 4]))
    us.push(w.transact('a', ['array.push', list, [{ $type: 'map', entries: { x: 1 } }]]))
    us.push(w.transact('a', ['map.set', ['l', 'array', 0], 'x', 2]))
    for (const at of [6, 4, 2, 5]) {
      w.apply('b', us[at])
      w.check('b')
    }
    w.since('b', Y.encodeStateVector(w.yjs('a')))
    w.transact('b', ['text.insert', text, 0, 'local'])
    w.check('b')
    w.make('c', 4)
    w.apply('c', Y.encodeStateAsUpdate(w.yjs('b')))
    w.check('c')
    for (const at of [1, 3, 0]) {
      w.apply('b', us[at])
      w.check('b')
    }
    w.apply('c', us[0])
    w.apply('c', w.merge([us[1], us[3]]))
    w.check('c')
  },

  'surrogate pairs' (w) {
    w.make('a', 1)
    w.make('b', 2)
    const both = u => u && w.apply('b', u)
    both(w.transact('a', ['text.insert', text, 0, 'a😀b😀c']))
    both(w.transact('a', ['text.insert', text, 2, '|']))
    both(w.transact('a', ['text.delete', text, 6, 1]))
    w.transact('a', ['text.insert', text, 0, '\ud83d'])
    w.transact('a', ['text.insert', text, 1, '\ude00'])
    w.check('a')
    w.make('c', 3)
    w.transact('c', ['text.insert', text, 0, '😀😀'])
    // A state vector that ends inside a pair.
    w.since('c', new Uint8Array([1, 3, 1]))
    w.diff(Y.encodeStateAsUpdate(w.yjs('c')), new Uint8Array([1, 3, 3]))
    w.check('b')
  },

  'collecting' (w) {
    for (const gc of [true, false]) {
      const [a, b] = gc ? ['a', 'b'] : ['c', 'd']
      w.make(a, 1, gc)
      w.make(b, 2, gc)
      const both = u => w.apply(b, u)
      both(w.transact(a, ['map.set', map, 'tree', { $type: 'map', entries: { l: { $type: 'array', values: [1, 2, { $type: 'text', text: 'deep' }] } } }]))
      const child = w.transact(b, ['array.insert', ['m', 'map', 'tree', 'l'], 1, ['from b']])
      const late = w.transact(b, ['array.push', ['m', 'map', 'tree', 'l'], ['late']])
      w.apply(a, child)
      both(w.transact(a, ['map.set', map, 'tree', 'replaced']))
      w.apply(a, late)
      for (let i = 0; i < 5; i++) both(w.transact(a, ['map.set', map, 'churn', i]))
      w.check(a)
      w.check(b)
    }
  },

  // Which structs join depends on the order in which deleted types were walked: depth first.
  'collecting deleted types in order' (w) {
    w.make('a', 1)
    w.make('b', 2)
    const both = u => w.apply('b', u)
    both(w.transact('a', ['array.push', list, [{ $type: 'array', values: [{ $type: 'map' }, { $type: 'array', values: [{ $type: 'map', entries: { a: 1 } }, { $type: 'array', values: [2] }] }] }]]))
    both(w.transact('a', ['map.set', ['l', 'array', 0, 0], 'k', 3]))
    both(w.transact('a', ['map.set', map, 'between', 4]))
    both(w.transact('a', ['map.set', ['l', 'array', 0, 0], 'k', 5]))
    both(w.transact('a', ['map.delete', ['l', 'array', 0, 1, 0], 'a'], ['array.delete', ['l', 'array', 0, 1], 1, 1]))
    both(w.transact('a', ['array.delete', list, 0, 1]))
    w.check('a')
    w.check('b')
  },

  'without a document' (w) {
    w.make('a', 1)
    w.make('b', 2)
    const us = []
    for (let i = 0; i < 6; i++) {
      us.push(w.transact('a', ['text.insert', text, i, 'x' + i], ['map.set', map, 'k' + (i % 2), i]))
      if (i % 2) us.push(w.transact('b', ['array.push', list, [i]]))
    }
    us.push(w.transact('a', ['text.delete', text, 2, 3]))
    w.merge(us)
    w.merge([us[0], us[3], us[6]])
    w.merge([us[6], us[0]])
    w.merge([us[2]])
    const whole = w.since('a', new Uint8Array([0]))
    w.merge([whole, us[1], whole])
    const holes = w.merge([us[0], us[2], us[4], us[7]])
    w.vectorOf(holes)
    w.vectorOf(whole)
    w.diff(holes, new Uint8Array([1, 1, 4]))
    w.diff(whole, new Uint8Array([1, 1, 5]))
    w.diff(whole, new Uint8Array([1, 1, 99]))
    w.recode(holes)
  },

  'random editing' (w) {
    const chance = random(42)
    const pick = n => Math.floor(chance() * n)
    const names = ['a', 'b', 'c']
    names.forEach((d, i) => {
      w.make(d, [11, 4294967290, 77][i])
      for (const t of [text, list, map]) w.observe(d, t)
    })
    const inbox = { a: [], b: [], c: [] }
    for (let i = 0; i < 160; i++) {
      const d = names[pick(3)]
      const { length } = w.type(d, text)
      const size = w.type(d, list).length
      const word = ['x', 'word', '😀é', 'longer text'][pick(4)]
      let op = null
      switch (pick(9)) {
        case 0: case 1: op = ['text.insert', text, pick(length + 1), word]; break
        case 2: if (length > 0) op = ['text.delete', text, pick(length), 1 + pick(4)]; break
        case 3: op = ['array.insert', list, pick(size + 1), [pick(100), word]]; break
        case 4: if (size > 0) op = ['array.delete', list, pick(size), 1]; break
        case 5: op = ['map.set', map, 'k' + pick(3), pick(2) ? word : { $type: 'map', entries: { v: pick(9) } }]; break
        case 6: op = ['map.delete', map, 'k' + pick(3)]; break
        default:
          if (inbox[d].length > 0) w.apply(d, inbox[d].splice(pick(Math.min(3, inbox[d].length)), 1)[0])
      }
      if (op !== null) {
        const u = w.transact(d, op)
        if (u !== null) names.filter(n => n !== d).forEach(n => inbox[n].push(u))
      }
    }
    for (const d of names) {
      inbox[d].forEach(u => w.apply(d, u))
      w.check(d)
    }
  },

  'snapshots' (w) {
    const a = w.make('a', 1, false)
    w.make('b', 2, false)
    const moments = []
    const both = u => { w.apply('b', u); moments.push(Y.snapshot(a)) }
    both(w.transact('a', ['text.insert', text, 0, 'hello world'], ['map.set', map, 'k', 'old'], ['array.push', list, [1, { $type: 'map', entries: { deep: 1 } }]]))
    both(w.transact('a', ['text.delete', text, 2, 5], ['map.set', map, 'k', 'new'], ['array.delete', list, 1, 1]))
    const late = w.transact('b', ['text.insert', text, 3, '😀'], ['map.delete', map, 'k'])
    both(w.transact('a', ['text.insert', text, 1, 'x'], ['array.push', list, [2, 3]]))
    moments.forEach(moment => w.contains(moment, late))
    w.apply('a', late)
    moments.push(Y.snapshot(a))
    moments.forEach(moment => w.contains(moment, late))
    moments.forEach((moment, i) => {
      w.restore('a', moment, 'r' + i, i % 2 === 0 ? 1 : 9)
      w.check('r' + i)
      w.transact('r' + i, ['text.insert', text, 0, 'later'])
      w.check('r' + i)
    })
    // In the middle of items: as a snapshot that was taken before they were joined.
    const between = new Y.Snapshot(Y.createDeleteSet(), new Map([[1, 3]]))
    w.restore('a', between, 'half', 5)
    w.check('half')
    w.check('a')
  },

  'halves of surrogate pairs in columns' (w) {
    w.make('a', 1)
    w.make('b', 2)
    const both = u => w.apply('b', u)
    both(w.transact('a', ['text.insert', text, 0, '\ud83d']))
    both(w.transact('a', ['text.insert', text, 1, '\ude00']))
    w.transact('a', ['text.insert', text, 0, 'x'], ['text.insert', text, 1, '\ude00'], ['text.insert', text, 1, '\ud83d'])
    w.check('a')
    w.check('b')
  },

  'formats and xml in columns' (w) {
    const author = new Y.Doc({ gc: false })
    author.clientID = 2 ** 40 + 3
    const t = author.getText('t')
    t.insert(0, 'plain bold plain')
    t.format(6, 4, { bold: true, link: { href: 'y', n: [1, null, -0, 0.5] } })
    t.insertEmbed(3, { image: 'x.png' })
    t.insertEmbed(3, 'text')
    const x = author.getXmlFragment('x')
    for (const name of ['p', 'p', 'h1']) x.insert(0, [new Y.XmlElement(name)])
    x.insert(1, [new Y.XmlHook('hook'), new Y.XmlText('abc')])
    x.get(2).format(1, 1, { em: {} })
    author.getMap('m').set('doc', new Y.Doc({ guid: 'sub', meta: { a: 1 } }))
    author.getMap('m').set('bytes', new Uint8Array([1, 2]))
    author.getMap('m').set('', 'empty key')
    w.recode(Y.encodeStateAsUpdate(author))
    w.make('a', 1)
    w.apply('a', Y.encodeStateAsUpdate(author))
    w.check('a')
  },

  // From here on: what other implementations got wrong (y-crdt, ygo, y-octo), each with the bytes that Yjs answers.

  // y-crdt#607, #407: of a range of deletions the first part was collected with its container, the rest is alive.
  'deletions reach past a collected container' (w) {
    for (const [d, client] of [['a', 1], ['b', 2], ['c', 3]]) w.make(d, client)
    const base = w.transact('a', ['map.set', map, 'tree', { $type: 'array', values: [1, 2, 3] }], ['text.insert', text, 0, 'abcd'], ['text.insert', text, 4, 'ef'])
    w.apply('b', base)
    w.apply('c', base)
    const within = w.transact('b', ['array.delete', ['m', 'map', 'tree'], 1, 2], ['text.delete', text, 0, 3])
    const container = w.transact('a', ['map.delete', map, 'tree'])
    w.apply('a', within)
    w.apply('b', container)
    w.apply('c', w.merge([within, container]))
    for (const d of ['a', 'b', 'c']) w.check(d)
    w.make('d', 4)
    w.apply('d', w.since('a', new Uint8Array([0])))
    // All of it once more, as one range.
    w.apply('d', Buffer.from([0, 1, 1, 1, 0, 9]))
    w.check('d')
  },

  // y-crdt 648e7fe.
  'deletions come before what they delete' (w) {
    w.make('a', 5)
    w.make('b', 6)
    const us = [['text.insert', text, 0, 'abc'], ['text.insert', text, 3, 'def'], ['text.delete', text, 2, 3], ['map.set', map, 'k', { $type: 'array', values: [1, 2] }], ['map.delete', map, 'k']].map(op => w.transact('a', op))
    for (const at of [2, 4, 1, 3, 0]) {
      w.apply('b', us[at])
      w.check('b')
    }
    // Known already: nothing is told.
    for (const u of us) w.apply('b', u)
    w.check('b')
  },

  // y-crdt c93820d, y-octo 39aaace.
  'what waits outlives other updates' (w) {
    for (const [d, client] of [['a', 1], ['b', 2], ['c', 3]]) w.make(d, client)
    const us = ['one', 'two', 'three', 'four'].map((word, i) => w.transact('a', ['array.insert', list, i, [word]]))
    const others = ['x', 'y'].map(word => w.transact('b', ['array.push', list, [word]]))
    for (const u of [us[3], others[0], us[1], us[3], others[1]]) {
      w.apply('c', u)
      w.check('c')
    }
    w.transact('c', ['array.push', list, ['own']])
    w.apply('c', us[2])
    w.apply('c', us[0])
    w.check('c')
  },

  // y-crdt#632: an update is lost. The old value of x is deleted at once, the new one waits.
  'a lost update leaves a hole' (w) {
    w.make('a', 1)
    w.make('b', 2)
    const us = [['map.set', map, 'x', 'old'], ['text.insert', text, 0, 'lost'], ['map.set', map, 'x', 'new'], ['array.push', ['never opened', 'array'], [1]]].map(op => w.transact('a', op))
    for (const at of [0, 2, 3]) w.apply('b', us[at])
    w.check('b')
    w.make('c', 3)
    w.apply('c', w.since('b', new Uint8Array([0])))
    w.check('c')
    w.apply('c', us[1])
    w.apply('b', us[1])
    w.check('b')
    w.check('c')
  },

  // ygo#110: the last of a key's chain is its value, whoever its neighbour is.
  'the same value wins in every order' (w) {
    for (const [d, client] of [['a', 2], ['b', 3], ['c', 1]]) w.make(d, client)
    const us = [w.transact('a', ['map.set', map, 'k', 'a1'], ['map.set', map, 'other', 0])]
    w.apply('b', us[0])
    us.push(w.transact('b', ['map.set', map, 'k', 'b1']))
    us.push(w.transact('c', ['map.set', map, 'k', 'c1'], ['map.set', map, 'k', 'c2']))
    us.push(w.transact('a', ['map.set', map, 'k', 'a2']))
    const orders = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]]
    orders.forEach((order, i) => {
      w.make('d' + i, 10 + i)
      for (const at of order) w.apply('d' + i, us[at])
      w.check('d' + i)
    })
  },

  // ygo#111.
  'an item waits for its right origin' (w) {
    for (const [d, client] of [['a', 7], ['b', 3], ['c', 5]]) w.make(d, client)
    const base = w.transact('a', ['text.insert', text, 0, 'ab'])
    w.apply('b', base)
    w.apply('c', base)
    const right = w.transact('b', ['text.insert', text, 1, 'R'])
    w.apply('c', right)
    const between = w.transact('c', ['text.insert', text, 1, 'X'])
    const front = w.transact('b', ['text.insert', text, 0, 'F'])
    w.make('d', 9)
    for (const u of [base, between, front, right]) {
      w.apply('d', u)
      w.check('d')
    }
  },

  // ygo#112, #140.
  'children of clients with smaller ids than their container' (w) {
    w.make('a', 4294967295)
    w.make('b', 1)
    const us = [w.transact('a', ['map.set', map, 'm', { $type: 'map', entries: { l: { $type: 'array' } } }])]
    w.apply('b', us[0])
    us.push(w.transact('b', ['array.push', ['m', 'map', 'm', 'l'], [{ $type: 'map', entries: { x: 1 } }, 'leaf']]))
    us.push(w.transact('b', ['map.set', ['m', 'map', 'm', 'l', 0], 'y', 2]))
    w.make('c', 2)
    w.apply('c', w.merge(us))
    w.check('c')
    w.make('d', 3)
    for (const at of [2, 1, 0]) w.apply('d', us[at])
    w.check('d')
    w.make('e', 5)
    w.apply('e', w.since('b', new Uint8Array([0])))
    w.check('e')
  },

  // y-octo f793f8c, ygo's encoder of collected maps: what hangs on something collected is collected, and can be read.
  'values whose origin was collected' (w) {
    for (const [d, client] of [['a', 1], ['b', 2], ['c', 3]]) w.make(d, client)
    const base = w.transact('a', ['map.set', map, 'm', { $type: 'map', entries: { k: 1, n: { $type: 'array', values: [1, 2, 3] } } }])
    w.apply('b', base)
    w.apply('c', base)
    const set = w.transact('b', ['map.set', ['m', 'map', 'm'], 'k', 2])
    const again = w.transact('b', ['map.set', ['m', 'map', 'm'], 'k', { $type: 'text', text: 'late' }])
    const inserted = w.transact('c', ['array.insert', ['m', 'map', 'm', 'n'], 1, ['x', { $type: 'map', entries: { z: 1 } }]])
    w.transact('a', ['map.delete', map, 'm'])
    for (const u of [again, inserted, set]) {
      w.apply('a', u)
      w.check('a')
    }
    const state = w.since('a', new Uint8Array([0]))
    w.recode(state)
    w.make('d', 4)
    w.apply('d', state)
    w.check('d')
    // From within what was collected.
    w.since('a', new Uint8Array([2, 3, 1, 1, 4]))
    w.diff(state, new Uint8Array([2, 3, 1, 1, 4]))
    w.apply('b', state)
    w.apply('c', state)
    w.check('b')
    w.check('c')
  }
}

fs.mkdirSync(folder, { recursive: true })
for (const [name, make] of Object.entries(scenarios)) {
  const world = new World()
  make(world)
  const lines = world.steps.map(step => JSON.stringify(step))
  fs.writeFileSync(path.join(folder, name.replaceAll(' ', '_') + '.json'), '[\n' + lines.join(',\n') + '\n]\n')
}
