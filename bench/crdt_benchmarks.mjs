// The rows B1 to B3 of the suite github.com/dmonad/crdt-benchmarks for the rivals: the same edits as those of
// apps/syncline/bench/crdt_benchmarks.cpp, which says what is timed.
import { isDeepStrictEqual } from 'node:util'
import { random } from './random.mjs'

const count = 6000
const authors = 20 * 77
const firstClient = 2917483021
const clientStep = 7919

const text = (start = '') => {
  const made = { text: start, edits: [] }
  made.insert = (at, inserted) => {
    made.text = made.text.slice(0, at) + inserted + made.text.slice(at)
    made.edits.push({ at, removed: 0, inserted })
  }
  made.remove = (at, removed) => {
    made.text = made.text.slice(0, at) + made.text.slice(at + removed)
    made.edits.push({ at, removed, inserted: '' })
  }
  made.size = () => made.text.length
  made.apply = (to, edit) => edit.removed > 0 ? to.deleteText(edit.at, edit.removed) : to.insertText(edit.at, edit.inserted)
  made.heldBy = replica => replica.text() === made.text
  return made
}

const list = () => {
  const made = { list: [], edits: [] }
  made.insert = (at, values) => {
    made.list.splice(at, 0, ...values)
    made.edits.push({ at, values })
  }
  made.size = () => made.list.length
  made.apply = (to, edit) => to.insertList(edit.at, edit.values)
  made.heldBy = replica => isDeepStrictEqual(replica.list(), made.list)
  return made
}

const letters = draw => draw.word(count, count)
const number = draw => draw.below(0x7fffffff)
const numbers = draw => Array.from({ length: count }, () => number(draw))
const wordsAnywhere = (draw, start, least, most) => {
  const typing = text(start)
  for (let i = 0; i < count; ++i) {
    const at = draw.below(typing.size() + 1)
    typing.insert(at, draw.word(least, most))
  }
  return typing
}
const insertOrRemove = (draw, typing, at) => {
  if (at === typing.size() || draw.below(2) === 1) typing.insert(at, draw.word(2, 10))
  else typing.remove(at, 1 + draw.below(Math.min(9, typing.size() - at)))
}

const byOne = {
  'b1.1' (draw) {
    const typing = text()
    for (const letter of letters(draw)) typing.insert(typing.size(), letter)
    return typing
  },
  'b1.2' (draw) {
    const typing = text()
    typing.insert(0, letters(draw))
    return typing
  },
  'b1.3' (draw) {
    const typing = text()
    for (const letter of letters(draw)) typing.insert(0, letter)
    return typing
  },
  'b1.4': draw => wordsAnywhere(draw, '', 1, 1),
  'b1.5': draw => wordsAnywhere(draw, '', 2, 10),
  'b1.6' (draw) {
    const typing = text()
    typing.insert(0, letters(draw))
    typing.remove(0, count)
    return typing
  },
  'b1.7' (draw) {
    const typing = text()
    for (let i = 0; i < count; ++i) insertOrRemove(draw, typing, draw.below(typing.size() + 1))
    return typing
  },
  'b1.8' (draw) {
    const made = list()
    for (const one of numbers(draw)) made.insert(made.size(), [one])
    return made
  },
  'b1.9' (draw) {
    const made = list()
    made.insert(0, numbers(draw))
    return made
  },
  'b1.10' (draw) {
    const made = list()
    for (const one of numbers(draw)) made.insert(0, [one])
    return made
  },
  'b1.11' (draw) {
    const made = list()
    for (let i = 0; i < count; ++i) {
      const at = draw.below(made.size() + 1)
      made.insert(at, [number(draw)])
    }
    return made
  }
}

const byTwo = {
  'b2.1' (draw) {
    const [first, second] = [text(), text()]
    first.insert(0, letters(draw))
    second.insert(0, letters(draw))
    return [first, second]
  },
  'b2.2': (draw, start) => [wordsAnywhere(draw, start, 1, 1), wordsAnywhere(draw, start, 1, 1)],
  'b2.3': (draw, start) => [wordsAnywhere(draw, start, 3, 9), wordsAnywhere(draw, start, 3, 9)],
  'b2.4' (draw, start) {
    const typing = () => {
      const made = text(start)
      for (let i = 0; i < count; ++i) {
        const at = draw.below(made.size() + 1)
        made.insert(at, draw.word(3, 9))
        insertOrRemove(draw, made, at)
      }
      return made
    }
    const first = typing()
    return [first, typing()]
  }
}

const byMany = {
  'b3.1': (author, i) => author.setInMap('v', i),
  'b3.2': (author, i) => author.setInMap('v', { name: String(i), address: 'here' }),
  'b3.3': (author, i) => author.setInMap('v', String(i).repeat(authors)),
  'b3.4': (author, i) => author.insertList(0, [String(i)])
}

const titles = {
  'b1.1': 'append 6000 letters',
  'b1.2': 'insert a string of 6000',
  'b1.3': 'prepend 6000 letters',
  'b1.4': '6000 letters at random',
  'b1.5': '6000 words at random',
  'b1.6': 'insert a string, delete it',
  'b1.7': '6000 words or deletions at random',
  'b1.8': 'append 6000 numbers',
  'b1.9': 'insert 6000 numbers at once',
  'b1.10': 'prepend 6000 numbers',
  'b1.11': '6000 numbers at random',
  'b2.1': 'two authors: a string each',
  'b2.2': 'two authors: letters at random',
  'b2.3': 'two authors: words at random',
  'b2.4': 'two authors: words and deletions',
  'b3.1': '1540 authors set a number in a map',
  'b3.2': '1540 authors set an object in a map',
  'b3.3': '1540 authors set a string in a map',
  'b3.4': '1540 authors insert into a list'
}
/** Of each row by name: what it is. */
export const rows = titles

const sum = updates => updates.reduce((total, update) => total + update.length, 0)
const same = (a, b) => a.text() === b.text() && isDeepStrictEqual([a.list(), a.map()], [b.list(), b.map()])

/**
 * One repeat of a row: `create` makes a replica of a client id, `timed` calls what is to be timed.
 * Gives { edits, bytes, updateBytes, ok }.
 */
export function runRow (name, create, timed) {
  const replica = author => create(firstClient + author * clientStep)
  const draw = random()
  if (name in byMany) {
    const all = []
    const updates = []
    for (let i = 0; i < authors; ++i) {
      const author = replica(i)
      let listening = true
      author.listen(update => { if (listening) updates.push(update) })
      byMany[name](author, i)
      listening = false
      all.push(author)
    }
    const hearAll = author => author.receive(() => { for (const update of updates) author.apply(update) })
    hearAll(all[0])
    timed(() => hearAll(all[1]))
    return { edits: updates.length, bytes: all[0].encode().length, updateBytes: sum(updates), ok: same(all[0], all[1]) }
  }
  const [one, other] = [replica(0), replica(1)]
  if (name in byOne) {
    const edits = byOne[name](draw)
    const updates = []
    one.listen(update => updates.push(update))
    timed(() => { for (const edit of edits.edits) edits.apply(one, edit) })
    for (const update of updates) other.apply(update)
    return { edits: edits.edits.length, bytes: one.encode().length, updateBytes: sum(updates), ok: edits.heldBy(one) && same(one, other) }
  }
  const start = draw.word(100, 100)
  const [first, second] = byTwo[name](draw, start)
  let updateBytes = 0
  one.listen(update => { updateBytes += update.length; other.apply(update) })
  other.listen(update => { updateBytes += update.length; one.apply(update) })
  one.insertText(0, start)
  timed(() => {
    one.transact(() => { for (const edit of first.edits) first.apply(one, edit) })
    other.transact(() => { for (const edit of second.edits) second.apply(other, edit) })
  })
  return { edits: first.edits.length + second.edits.length, bytes: one.encode().length, updateBytes, ok: same(one, other) && one.text() !== '' }
}
