// ProseMirror on a Y.XmlFragment, by y-prosemirror: paragraphs, headings, lists, quotes, code, images, marks.
import { place } from './dom.mjs'
import {
  deleteSelection, joinBackward, joinForward, lift, liftEmptyBlock, setBlockType, splitBlock, toggleMark, wrapIn
} from 'prosemirror-commands'
import { Schema } from 'prosemirror-model'
import { schema as basic } from 'prosemirror-schema-basic'
import { addListNodes, liftListItem, sinkListItem, splitListItem, wrapInList } from 'prosemirror-schema-list'
import { AllSelection, EditorState, NodeSelection, TextSelection } from 'prosemirror-state'
import { EditorView } from 'prosemirror-view'
import { redo, undo, yCursorPlugin, ySyncPlugin, yUndoPlugin } from 'y-prosemirror'
import * as Y from 'yjs'

// Comments may overlap: y-prosemirror gives each of those an attribute of its own, named by a hash.
const comment = { attrs: { id: {} }, excludes: '', toDOM: mark => ['span', { 'data-comment': mark.attrs.id }, 0] }
const schema = new Schema({
  nodes: addListNodes(basic.spec.nodes, 'paragraph block*', 'block'),
  marks: basic.spec.marks.addToEnd('comment', comment)
})
const { nodes, marks } = schema

const words = ['a', 'plan', 'b c', 'ä', 'ß→', '😀', 'x😀y', 'two words', '"', '<b>', '&amp;', 'e\u0301', '👩‍👩‍👧']
const someText = chance => Array.from({ length: chance.from(1, 3) }, () => chance.pick(words)).join('')
const link = { href: 'https://example.org/', title: null }

export class ProseMirror {
  static roots = { prosemirror: 'xml-fragment' }
  static beginning = []
  static style () { return {} }

  constructor (doc, { awareness = null } = {}) {
    const plugins = [ySyncPlugin(doc.getXmlFragment('prosemirror')), yUndoPlugin(), ...(awareness ? [yCursorPlugin(awareness)] : [])]
    this.view = new EditorView(place(), {
      state: EditorState.create({ schema, plugins }),
      dispatchTransaction (change) {
        // y-prosemirror 1.3.7 throws where somebody else deletes a node that is selected as such, so none is.
        if (change.selection instanceof NodeSelection) change.setSelection(new AllSelection(change.doc))
        this.updateState(this.state.apply(change))
      }
    })
  }

  content () { return shown(this.view.state.doc.content) }

  /** The nodes that a document's elements stand for. */
  static contentOf (doc) {
    const content = children(doc.getXmlFragment('prosemirror'))
    // An empty document is shown with what a document must have.
    return content.length > 0 ? content : shown(nodes.doc.createAndFill().content)
  }

  run (command) { return command(this.view.state, this.view.dispatch) }

  /** Puts the cursor somewhere, or selects a range. */
  select (chance, range) {
    const { state } = this.view
    const somewhere = () => state.doc.resolve(wholePosition(state.doc, chance.below(state.doc.content.size + 1)))
    const anchor = somewhere()
    this.view.dispatch(state.tr.setSelection(range ? TextSelection.between(anchor, somewhere()) : TextSelection.near(anchor)))
  }

  edit (chance) {
    const action = chance.weighted([
      [10, 'type'], [4, 'delete'], [4, 'mark'], [4, 'split'], [3, 'join'], [2, 'block'], [2, 'wrap'], [2, 'lift'], [4, 'list'], [3, 'insert'],
      [1, 'node'], [4, 'undo'], [3, 'redo']
    ])
    this.select(chance, ['delete', 'mark', 'block', 'wrap', 'list'].includes(action) || chance.chance(0.1))
    switch (action) {
      case 'type': return this.view.dispatch(this.view.state.tr.insertText(someText(chance)))
      case 'delete': {
        if (chance.chance(0.03)) this.view.dispatch(this.view.state.tr.setSelection(new AllSelection(this.view.state.doc)))
        return this.run(deleteSelection)
      }
      case 'mark': {
        const mark = chance.pick([marks.strong, marks.em, marks.code, marks.link, marks.comment])
        return this.run(toggleMark(mark, mark === marks.link ? link : mark === marks.comment ? { id: chance.below(3) } : null))
      }
      case 'split': return this.run(chance.chance(0.5) ? splitBlock : liftEmptyBlock)
      case 'join': {
        const { $from } = this.view.state.selection
        if (!$from.parent.isTextblock) return
        const at = chance.chance(0.5) ? [$from.start(), joinBackward] : [$from.end(), joinForward]
        this.view.dispatch(this.view.state.tr.setSelection(TextSelection.create(this.view.state.doc, at[0])))
        return this.run(at[1])
      }
      case 'block': return this.run(chance.pick([setBlockType(nodes.paragraph), setBlockType(nodes.code_block), setBlockType(nodes.heading, { level: chance.from(1, 3) })]))
      case 'wrap': return this.run(wrapIn(nodes.blockquote))
      case 'lift': return this.run(lift)
      case 'list': {
        const item = nodes.list_item
        return this.run(chance.pick([
          wrapInList(nodes.bullet_list), wrapInList(nodes.ordered_list, { order: chance.from(1, 3) }), splitListItem(item), liftListItem(item), sinkListItem(item)
        ]))
      }
      case 'insert': {
        const node = chance.pick([nodes.image.create({ src: 'https://example.org/a.png' }), nodes.hard_break.create(), nodes.horizontal_rule.create()])
        return this.view.dispatch(this.view.state.tr.replaceSelectionWith(node))
      }
      case 'node': {
        const { $from } = this.view.state.selection
        return $from.depth > 0 && this.view.dispatch(this.view.state.tr.delete($from.before(), $from.after()))
      }
      case 'undo': return undo(this.view.state)
      case 'redo': return redo(this.view.state)
    }
  }

  /** What somebody else might do to such a document: an operation of docs/ENGINE.md. */
  static operation (chance, doc) {
    const places = placesIn(doc.getXmlFragment('prosemirror'), { root: 'prosemirror', type: 'xml-fragment' })
    const place = chance.weighted([[1, places[0]], [2, chance.pick(places)], [4, chance.pick([places[0], ...places.filter(({ kind }) => kind === 'xml-text')])]])
    return place.kind === 'xml-text' ? textOperation(chance, place) : elementOperation(chance, place)
  }

  destroy () {
    this.view.destroy()
  }
}

/** Not between the halves of a surrogate pair. */
function wholePosition (doc, at) {
  const { parent, parentOffset } = doc.resolve(at)
  if (!parent.isTextblock) return at
  const text = parent.textBetween(0, parent.content.size, null, '\u0000')
  return text.codePointAt(parentOffset - 1) > 0xffff && parentOffset > 0 ? at + 1 : at
}

// ---- one form for both ----

const known = object => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined))

/** Runs of text with equal marks become one. */
function join (content) {
  const out = []
  for (const node of content) {
    const last = out.at(-1)
    if (node.text !== undefined && last?.text !== undefined && JSON.stringify(last.marks) === JSON.stringify(node.marks)) last.text += node.text
    else out.push(node)
  }
  return out
}
const textRun = (text, list) => ({ text, marks: list.map(({ name, attrs }) => [name, known(attrs)]).map(mark => JSON.stringify(mark)).sort() })

const shown = fragment => join(fragment.content.map(node => node.isText
  ? textRun(node.text, node.marks.map(({ type, attrs }) => ({ name: type.name, attrs })))
  : { name: node.type.name, attrs: known(node.attrs), content: shown(node.content) }))

function children (type) {
  return join(type.toArray().flatMap(child => {
    if (child instanceof Y.XmlText) {
      return child.toDelta().map(({ insert, attributes = {} }) =>
        textRun(insert, Object.entries(attributes).map(([name, attrs]) => ({ name: name.split('--')[0], attrs: schema.mark(name.split('--')[0], attrs).attrs }))))
    }
    const attrs = { ...nodes[child.nodeName].defaultAttrs, ...nodes[child.nodeName].create(child.getAttributes()).attrs }
    return [{ name: child.nodeName, attrs: known(attrs), content: children(child) }]
  }))
}

// ---- the other side ----

function placesIn (type, target, path = []) {
  const kind = type instanceof Y.XmlText ? 'xml-text' : type instanceof Y.XmlElement ? 'xml-element' : 'xml-fragment'
  const place = { type, kind, target: path.length > 0 ? { ...target, path } : target }
  return kind === 'xml-text' ? [place] : [place, ...type.toArray().flatMap((child, i) => placesIn(child, target, [...path, i]))]
}

/** Places between characters. */
function boundaries (text) {
  const places = [0]
  for (const { insert } of text.toDelta()) for (const character of insert) places.push(places.at(-1) + character.length)
  return places
}

const someMarks = chance => Object.fromEntries(Array.from({ length: chance.from(0, 2) }, () => chance.pick([['strong', {}], ['em', {}], ['link', link], ['code', {}]])))

function textOperation (chance, { type, target }) {
  const places = boundaries(type)
  const first = chance.below(places.length)
  const at = places[first]
  const length = places[Math.min(first + chance.below(6), places.length - 1)] - at
  switch (chance.weighted([[3, 'insert'], [2, 'marked'], [3, 'delete'], [3, 'format'], [1, 'delta']])) {
    case 'insert': return { op: 'text.insert', target, at, text: someText(chance) }
    case 'marked': return { op: 'text.insert', target, at, text: someText(chance), attributes: someMarks(chance) }
    case 'delete': return { op: 'text.delete', target, at, length }
    case 'format': return { op: 'text.format', target, at, length, attributes: chance.pick([{ strong: {} }, { strong: null }, { em: {} }, { em: null, code: null }, { link: null }]) }
    case 'delta': return { op: 'text.apply_delta', target, delta: [{ retain: at, attributes: { em: null } }, { delete: length }, { insert: someText(chance), attributes: someMarks(chance) }] }
  }
}

const element = (name, attributes, ...children) => ({ $type: 'xml-element', name, attributes, children })
const someWords = chance => chance.chance(0.5)
  ? { $type: 'xml-text', text: someText(chance) }
  : { $type: 'xml-text', delta: [{ insert: someText(chance) }, { insert: someText(chance), attributes: someMarks(chance) }] }

function someBlock (chance) {
  return chance.weighted([
    [4, () => element('paragraph', {}, someWords(chance))],
    [1, () => element('paragraph', {})],
    [2, () => element('heading', { level: chance.from(1, 3) }, someWords(chance))],
    [2, () => element('bullet_list', {}, element('list_item', {}, element('paragraph', {}, someWords(chance))))],
    [1, () => element('blockquote', {}, someBlock(chance))],
    [1, () => element('horizontal_rule', {})],
    [1, () => element('paragraph', {}, someWords(chance), element('image', { src: 'https://example.org/b.png', alt: 'b' }))],
    // What the schema does not know, or not there: y-prosemirror deletes it.
    [1, () => chance.pick([element('widget', {}), element('paragraph', {}, element('paragraph', {})), element('bullet_list', {})])]
  ])()
}

function elementOperation (chance, { type, kind, target }) {
  const at = chance.below(type.length + 1)
  const named = kind === 'xml-element' ? type.nodeName : 'doc'
  const action = chance.weighted([[4, 'insert'], [2, 'delete'], [named === 'heading' ? 6 : 1, 'attribute']])
  if (action === 'delete' && type.length > 0) {
    const first = Math.min(at, type.length - 1)
    return { op: 'xml.delete', target, at: first, length: Math.min(chance.from(1, 2), type.length - first) }
  }
  if (action === 'attribute' && named === 'heading') return { op: 'xml.set_attribute', target, name: 'level', value: chance.from(1, 6) }
  if (action === 'attribute' && named === 'image') return { op: 'xml.remove_attribute', target, name: 'alt' }
  const inside = {
    doc: () => someBlock(chance), blockquote: () => someBlock(chance), list_item: () => someBlock(chance),
    bullet_list: () => element('list_item', {}, element('paragraph', {}, someWords(chance))),
    ordered_list: () => element('list_item', {}, element('paragraph', {}))
  }[named] ?? (() => element('hard_break', {}))
  return { op: 'xml.insert', target, at, values: [inside()] }
}
