// Values on the lines of `syncline engine` and what they are in yjs, both ways (docs/ENGINE.md).
import * as Y from 'yjs'

export const base64 = bytes => Buffer.from(bytes).toString('base64')
export const bytes = text => new Uint8Array(Buffer.from(text, 'base64'))

/** What an answer's error says: a code of docs/ENGINE.md. */
export class Refusal extends Error {
  constructor (code, message) {
    super(message)
    this.code = code
  }
}

export const badRequest = message => { throw new Refusal('bad_request', message) }
const isObject = value => value !== null && typeof value === 'object' && !Array.isArray(value)

/** Base64 as the standard writes it: whole groups, padded, no bit left over. */
export function bytesOf (value, name) {
  if (typeof value !== 'string') badRequest(`"${name}" must be base64`)
  const decoded = Buffer.from(value, 'base64')
  if (decoded.toString('base64') !== value) badRequest(`"${name}" is not base64`)
  return new Uint8Array(decoded)
}

export const constructors = {
  map: Y.Map, array: Y.Array, text: Y.Text, 'xml-element': Y.XmlElement, 'xml-fragment': Y.XmlFragment, 'xml-hook': Y.XmlHook, 'xml-text': Y.XmlText
}
export const kindOf = type => Object.keys(constructors).find(kind => type.constructor === constructors[kind]) ?? 'unknown'

const floats = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 }

const tags = {
  $undefined: value => value === true ? undefined : badRequest('"$undefined" must be true'),
  $float: name => Object.hasOwn(floats, name) ? floats[name] : badRequest('"$float" names no number'),
  $bytes: text => bytesOf(text, '$bytes'),
  $bigint (digits) {
    if (typeof digits !== 'string' || !/^-?\d+$/.test(digits)) badRequest('"$bigint" must hold digits')
    const number = BigInt(digits)
    return number === BigInt.asIntN(64, number) ? number : badRequest('"$bigint" must fit 64 bits')
  }
}

/** A plain value from its JSON form. */
export function readValue (json) {
  if (Array.isArray(json)) return json.map(readValue)
  if (!isObject(json)) return json
  const [first, ...others] = Object.keys(json)
  if (others.length === 0 && Object.hasOwn(tags, first)) return tags[first](json[first])
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, readValue(value)]))
}

/** What may be put into a map or list: a plain value or a new shared type. */
export function readInput (json) {
  if (!isObject(json) || !('$type' in json)) return readValue(json)
  const name = () => typeof json.name === 'string' ? json.name : badRequest('"name" must be a string')
  const list = field => {
    if (!(field in json)) return []
    return Array.isArray(json[field]) ? json[field].map(readInput) : badRequest(`"${field}" must be an array`)
  }
  const members = field => {
    if (!(field in json)) return []
    return isObject(json[field]) ? Object.entries(json[field]).map(([key, value]) => [key, readInput(value)]) : badRequest(`"${field}" must be an object`)
  }
  const text = type => {
    if ('text' in json) type.insert(0, typeof json.text === 'string' ? json.text : badRequest('"text" must be a string'))
    if ('delta' in json) type.applyDelta(readDelta(json.delta))
    for (const [key, value] of members('attributes')) type.setAttribute(key, value)
    return type
  }
  switch (json.$type) {
    case 'map': return new Y.Map(members('entries'))
    case 'array': return Y.Array.from(list('values'))
    case 'text': return text(new Y.Text())
    case 'xml-text': return text(new Y.XmlText())
    case 'doc': {
      if (typeof json.guid !== 'string') badRequest('"guid" must be a string')
      return new Y.Doc({ ...(json.options === undefined ? {} : readValue(json.options)), guid: json.guid })
    }
    case 'xml-element': case 'xml-fragment': {
      const type = json.$type === 'xml-element' ? new Y.XmlElement(name()) : new Y.XmlFragment()
      for (const [key, value] of members('attributes')) type.setAttribute(key, value)
      type.insert(0, list('children'))
      return type
    }
    case 'xml-hook': {
      const type = new Y.XmlHook(name())
      for (const [key, value] of members('entries')) type.set(key, value)
      return type
    }
  }
  badRequest(`there is no shared type "${json.$type}"`)
}

/** What a text takes as one unit. A subdocument Yjs writes as an object with what its Doc holds, or as {}; here it is refused. */
export function readEmbed (json) {
  const value = readInput(json)
  if (value instanceof Y.Doc) throw new Refusal('not_supported', 'a text takes no subdocument')
  return value
}

/** The attributes of a text's operation; undefined where none are given. */
export function readAttributes (json) {
  if (json === undefined) return undefined
  return isObject(json) ? Object.fromEntries(Object.entries(json).map(([key, value]) => [key, readValue(value)])) : badRequest('"attributes" must be an object')
}

export function readDelta (json) {
  if (!Array.isArray(json)) badRequest('"delta" must be an array')
  return json.map(op => {
    const given = isObject(op) ? ['insert', 'retain', 'delete'].filter(name => name in op) : []
    if (given.length !== 1) badRequest('an operation of a delta inserts, retains or deletes')
    const [kind] = given
    const value = kind === 'insert' ? readEmbed(op.insert) : Number.isSafeInteger(op[kind]) && op[kind] >= 0 ? op[kind] : badRequest(`"${kind}" must be a whole number`)
    const attributes = readAttributes(op.attributes)
    return attributes === undefined ? { [kind]: value } : { [kind]: value, attributes }
  })
}

/** What Yjs holds, in its JSON form. Shared types are their own JSON form: texts and XML as strings. */
export function writeValue (value) {
  if (value === undefined) return { $undefined: true }
  if (typeof value === 'bigint') return { $bigint: String(value) }
  if (typeof value === 'number') {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value
    return { $float: Object.is(value, -0) ? '-0' : String(value) }
  }
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Uint8Array) return { $bytes: base64(value) }
  if (value instanceof Y.Doc) return { $type: 'doc', guid: value.guid }
  if (value instanceof Y.Map) return Object.fromEntries([...value.keys()].map(key => [key, writeValue(value.get(key))]))
  if (value instanceof Y.Array) return value.toArray().map(writeValue)
  if (value instanceof Y.XmlText || value instanceof Y.XmlFragment) return value.toString()
  if (value instanceof Y.AbstractType) return writeValue(value.toJSON())
  if (Array.isArray(value)) return value.map(writeValue)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, writeValue(member)]))
}

/** JSON with the members of objects in one order, to compare by. */
export function canonicalJson (json) {
  return JSON.stringify(json, (_, value) => isObject(value) ? Object.fromEntries(Object.keys(value).sort().map(key => [key, value[key]])) : value)
}
