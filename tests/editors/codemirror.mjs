// CodeMirror 6 on a Y.Text, by y-codemirror.next.
import { place } from './dom.mjs'
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next'
import * as Y from 'yjs'

const target = { root: 'text', type: 'text' }
// CodeMirror knows three kinds of line ends and gives all of them out as \n, so the others stay away.
const words = ['a', 'plan', 'b c', 'ä', 'ß→', '😀', 'x😀y', '\n', 'line\n', '\n\n', '"', '\u0000', '\ufeff', 'e\u0301', '👩‍👩‍👧']
const someText = chance => Array.from({ length: chance.from(1, 3) }, () => chance.pick(words)).join('')

/** A range of a text that cuts no surrogate pair: [from, to]. */
function someRange (chance, text, longest = 8) {
  const whole = at => text.codePointAt(at - 1) > 0xffff && at < text.length ? at + 1 : at
  const from = whole(chance.below(text.length + 1))
  return [from, whole(Math.min(text.length, from + chance.below(longest)))]
}

export class CodeMirror {
  static roots = { text: 'text' }
  static beginning = []
  static style () { return {} }

  constructor (doc, { awareness = null } = {}) {
    const text = doc.getText('text')
    this.undoManager = new Y.UndoManager(text)
    this.view = new EditorView({
      parent: place(),
      state: EditorState.create({ doc: text.toString(), extensions: [yCollab(text, awareness, { undoManager: this.undoManager })] })
    })
  }

  /** What the user sees. */
  content () { return this.view.state.doc.toString() }
  /** What a user of this document has to see. */
  static contentOf (doc) { return doc.getText('text').toString() }

  /** What a user might do. */
  edit (chance) {
    const text = this.content()
    switch (chance.weighted([[6, 'type'], [2, 'replace'], [3, 'delete'], [2, 'cursors'], [3, 'undo'], [2, 'redo']])) {
      case 'type': {
        const [at] = someRange(chance, text)
        const insert = someText(chance)
        return this.view.dispatch({ changes: { from: at, insert }, selection: { anchor: at + insert.length }, userEvent: 'input.type' })
      }
      case 'replace': {
        const [from, to] = someRange(chance, text)
        return this.view.dispatch({ changes: { from, to, insert: someText(chance) } })
      }
      case 'delete': {
        const [from, to] = someRange(chance, text)
        return this.view.dispatch({ changes: { from, to }, userEvent: 'delete' })
      }
      case 'cursors': {
        // Several cursors type at once.
        const changes = []
        for (let start = 0; changes.length < 4 && start < text.length; start = changes.at(-1).to + 1) {
          const [from, to] = someRange(chance, text.slice(start), 3)
          changes.push({ from: start + from, to: start + to, insert: chance.pick(['', '> ', someText(chance)]) })
          if (text.codePointAt(changes.at(-1).to) > 0xffff) break
        }
        return this.view.dispatch({ changes })
      }
      case 'undo': return yUndoManagerKeymap[0].run(this.view)
      case 'redo': return yUndoManagerKeymap[1].run(this.view)
    }
  }

  /** What somebody else might do to such a document: an operation of docs/ENGINE.md. */
  static operation (chance, doc) {
    const text = doc.getText('text').toString()
    const [at, end] = someRange(chance, text, 12)
    switch (chance.weighted([[5, 'insert'], [3, 'delete'], [2, 'delta'], [1, 'format']])) {
      case 'insert': return { op: 'text.insert', target, at, text: someText(chance) }
      case 'delete': return { op: 'text.delete', target, at, length: end - at }
      case 'delta': return { op: 'text.apply_delta', target, delta: [{ retain: at }, { insert: someText(chance) }, { delete: end - at }, { insert: '|' }] }
      // It shows no formats, and must not trip over them.
      case 'format': return { op: 'text.format', target, at, length: end - at, attributes: { [chance.pick(['bold', 'color'])]: chance.pick([true, null]) } }
    }
  }

  destroy () {
    this.view.destroy()
    this.undoManager.destroy()
    this.view.dom.parentNode?.remove()
  }
}
