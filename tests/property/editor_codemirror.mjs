// CodeMirror 6, by y-codemirror.next, and Syncline in one document (editor_session.mjs).
import { runSessions } from './editor_session.mjs'
import { CodeMirror } from '../editors/codemirror.mjs'

await runSessions('editor_codemirror', CodeMirror)
