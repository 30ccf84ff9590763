// ProseMirror, by y-prosemirror, and Syncline in one document (editor_session.mjs).
import { runSessions } from './editor_session.mjs'
import { ProseMirror } from '../editors/prosemirror.mjs'

await runSessions('editor_prosemirror', ProseMirror)
