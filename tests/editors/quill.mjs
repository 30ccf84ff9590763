// Quill 2 on a Y.Text, by y-quill: formats of text and of lines, embeds.
import { place } from './dom.mjs'
import Quill from 'quill'
import { QuillBinding } from 'y-quill'
import * as Y from 'yjs'

const target = { root: 'quill', type: 'text' }
// No surrogate pairs: Quill finds some of its changes by comparing code units and then cuts pairs, after which Yjs's own replicas differ.
const words = ['a', 'plan', 'b c', 'ä', 'ß→', 'two words', '"', '<b>', '&amp;', 'e\u0301']
const someText = chance => Array.from({ length: chance.from(1, 3) }, () => chance.pick(words)).join('')
const someEmbed = chance => chance.pick([{ image: 'https://example.org/a.png' }, { image: 'https://example.org/b.png' }])

/** Formats of text: name to values. */
const inline = { bold: [true], italic: [true], strike: [true], underline: [true], color: ['red', 'blue'], size: ['large', 'small'], link: ['https://example.org/'], script: ['super'] }
/** Formats of lines, which stand at the line's end. Of the first three Quill lets a line have only one. */
const lines = { header: [1, 2, 3], list: ['bullet', 'ordered', 'checked'], blockquote: [true], align: ['center', 'right'], direction: ['rtl'] }

export class QuillEditor {
  static roots = { quill: 'text' }
  /** Quill always shows a last line end. One that the document lacks, or loses, can have formats on the screen only. */
  static beginning = [{ op: 'text.insert', target, at: 0, text: '\n' }]
  /** Where the document ends without one, Quill lets go what comes behind its own. */
  static lost (doc) {
    const last = doc.getText('quill').toDelta().at(-1)?.insert
    return typeof last !== 'string' || !last.endsWith('\n')
  }

  /** Which one of the formats that exclude each other is in use. */
  static style (chance) { return { kind: chance.pick(['header', 'list', 'blockquote']) } }

  constructor (doc, { awareness = undefined } = {}) {
    const text = doc.getText('quill')
    this.page = place()
    this.quill = new Quill(this.page.appendChild(document.createElement('div')), { modules: { toolbar: false } })
    this.binding = new QuillBinding(text, this.quill, awareness)
    this.undoManager = new Y.UndoManager(text, { trackedOrigins: new Set([this.binding]) })
  }

  content () { return normal(this.quill.getContents().ops) }
  static contentOf (doc) { return normal(doc.getText('quill').toDelta()) }

  edit (chance, style) {
    const places = boundaries(this.quill.getContents().ops)
    const [at, length] = someRange(chance, places)
    switch (chance.weighted([[8, 'type'], [4, 'line'], [4, 'delete'], [5, 'format'], [4, 'format line'], [2, 'embed'], [2, 'clean'], [2, 'contents'], [4, 'undo'], [3, 'redo']])) {
      case 'type': return this.quill.insertText(at, someText(chance), ...chance.pick([[], [someFormat(chance, inline)]]), 'user')
      case 'line': return this.quill.insertText(at, '\n', ...chance.pick([[], [someFormat(chance, usable(style))]]), 'user')
      case 'delete': return this.quill.deleteText(at, length, 'user')
      case 'format': return this.quill.formatText(at, length, orNone(chance, someFormat(chance, inline)), 'user')
      case 'format line': return this.quill.formatLine(at, length, orNone(chance, someFormat(chance, usable(style))), 'user')
      case 'embed': return this.quill.insertEmbed(at, ...Object.entries(someEmbed(chance))[0], 'user')
      case 'clean': return this.quill.removeFormat(at, length, 'user')
      case 'contents': return this.quill.updateContents([...(at > 0 ? [{ retain: at }] : []), { insert: someText(chance), attributes: someFormat(chance, inline) }, { insert: '\n', attributes: someFormat(chance, usable(style)) }, ...(length > 0 ? [{ delete: length }] : [])], 'user')
      case 'undo': return this.undoManager.undo()
      case 'redo': return this.undoManager.redo()
    }
  }

  /** What somebody else might do to such a document: an operation of docs/ENGINE.md. */
  static operation (chance, doc, style) {
    const text = doc.getText('quill')
    const delta = text.toDelta()
    const places = boundaries(delta)
    const [at, length] = someRange(chance, places)
    const ends = places.filter(place => text.toString() && unitAt(delta, place) === '\n')
    switch (chance.weighted([[6, 'insert'], [3, 'line'], [4, 'delete'], [4, 'format'], [ends.length > 0 ? 4 : 0, 'format line'], [2, 'embed'], [2, 'delta']])) {
      // Attributes are always given: what holds at a line's end must not come over to text.
      case 'insert': return { op: 'text.insert', target, at, text: someText(chance), attributes: chance.pick([{}, someFormat(chance, inline)]) }
      case 'line': return { op: 'text.insert', target, at, text: '\n', attributes: chance.pick([{}, someFormat(chance, usable(style))]) }
      case 'delete': return { op: 'text.delete', target, at, length }
      case 'format': return { op: 'text.format', target, at, length, attributes: nulls(orNone(chance, someFormat(chance, inline))) }
      case 'format line': return { op: 'text.format', target, at: chance.pick(ends), length: 1, attributes: nulls(orNone(chance, someFormat(chance, usable(style)))) }
      case 'embed': return { op: 'text.embed', target, at, value: someEmbed(chance), attributes: chance.pick([{}, { bold: true }]) }
      case 'delta': return { op: 'text.apply_delta', target, delta: [{ retain: at }, { insert: someText(chance), attributes: someFormat(chance, inline) }, { insert: '\n', attributes: someFormat(chance, usable(style)) }, { delete: length }] }
    }
  }

  destroy () {
    this.binding.destroy()
    this.undoManager.destroy()
    this.page.remove()
  }
}

const usable = ({ kind }) => ({ [kind]: lines[kind], align: lines.align, direction: lines.direction })

function someFormat (chance, formats) {
  const name = chance.pick(Object.keys(formats))
  return { [name]: chance.pick(formats[name]) }
}
/** Now and then the end of a format. */
const orNone = (chance, format) => chance.chance(0.4) ? Object.fromEntries(Object.keys(format).map(name => [name, false])) : format
const nulls = format => Object.fromEntries(Object.entries(format).map(([name, value]) => [name, value === false ? null : value]))

/** Places between characters; nobody goes past the last line end. */
function boundaries (delta) {
  const places = [0]
  for (const { insert } of delta) for (const character of typeof insert === 'string' ? insert : 'x') places.push(places.at(-1) + character.length)
  return places.slice(0, Math.max(1, places.length - 1))
}

function someRange (chance, places) {
  const first = chance.below(places.length)
  return [places[first], places[Math.min(first + chance.below(7), places.length - 1)] - places[first]]
}

function unitAt (delta, at) {
  for (const { insert } of delta) {
    const length = typeof insert === 'string' ? insert.length : 1
    if (at < length) return typeof insert === 'string' ? insert[at] : undefined
    at -= length
  }
}

/**
 * A delta as units of text and line ends. Formats of lines count at their ends only and formats of text not there, as Quill sees it:
 * concurrent edits may give a Y.Text others.
 */
function normal (delta) {
  const out = []
  for (const { insert, attributes = {} } of delta) {
    for (const part of typeof insert === 'string' ? insert.split(/(\n)/).filter(it => it) : [insert]) {
      const formats = Object.entries(attributes).filter(([name]) => (name in lines) === (part === '\n')).sort(([a], [b]) => a < b ? -1 : 1)
      const last = out.at(-1)
      if (typeof part === 'string' && part !== '\n' && typeof last?.insert === 'string' && last.insert !== '\n' && JSON.stringify(last.formats) === JSON.stringify(formats)) last.insert += part
      else out.push({ insert: part, formats })
    }
  }
  return out
}
