// The notes: a CodeMirror editor on a Y.Text, with the others' cursors.
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap, placeholder } from "@codemirror/view";
import { defaultKeymap } from "@codemirror/commands";
import { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
import type { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { h } from "./dom";

export class Editor {
  readonly element = h("div", { class: "editor" });
  private view: EditorView | null = null;
  private text: unknown = undefined;
  private awareness: Awareness | null = null;

  /** Edits `text` if it is a live one; shows a plain string; shows nothing otherwise. */
  show(text: unknown, awareness: Awareness | null): void {
    if (this.text === text && this.awareness === awareness) return;
    this.text = text;
    this.awareness = awareness;
    this.view?.destroy();
    this.view = null;
    if (text instanceof Y.Text) this.view = this.edit(text, awareness);
    else this.element.textContent = text === undefined ? "" : String(text);
  }

  private edit(text: Y.Text, awareness: Awareness | null): EditorView {
    this.element.textContent = "";
    const undoManager = new Y.UndoManager(text);
    return new EditorView({
      parent: this.element,
      state: EditorState.create({
        doc: text.toString(),
        extensions: [
          drawSelection(),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-labelledby": "notes-label", spellcheck: "true" }),
          placeholder("Write together …"),
          keymap.of([...yUndoManagerKeymap, ...defaultKeymap]),
          yCollab(text, awareness, { undoManager }),
        ],
      }),
    });
  }
}
