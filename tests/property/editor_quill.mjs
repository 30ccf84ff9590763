// Quill 2, by y-quill, and Syncline in one document (editor_session.mjs).
import { runSessions } from './editor_session.mjs'
import { QuillEditor } from '../editors/quill.mjs'

await runSessions('editor_quill', QuillEditor)
