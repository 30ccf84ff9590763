// A document without a screen, for editors that run in Node. Import it before anything that looks for a DOM.
import { JSDOM } from 'jsdom'

export const { window } = new JSDOM('<!doctype html><body></body>')
// Nobody paints, so what waits for the next picture (measuring, scrolling) never happens.
window.requestAnimationFrame = () => 0
window.cancelAnimationFrame = () => {}

const names = [
  'document', 'navigator', 'Node', 'Element', 'HTMLElement', 'Text', 'Range', 'Document', 'DocumentFragment', 'DOMParser', 'MutationObserver', 'Event',
  'CustomEvent', 'KeyboardEvent', 'getSelection', 'getComputedStyle', 'requestAnimationFrame', 'cancelAnimationFrame'
]
for (const name of names) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true })
}
globalThis.window = window

/** A new element at the end of the page. */
export const place = () => window.document.body.appendChild(window.document.createElement('div'))
