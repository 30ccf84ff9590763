// Makes lib0_vectors.json: what lib0 and Node themselves write, for the tests beside this file.
//
//   mkdir vectors && cd vectors && npm install lib0@0.2.120
//   node PATH/TO/make_lib0_vectors.mjs > PATH/TO/lib0_vectors.json
//
// The same input gives the same output. Values that JSON cannot say are tagged: {"$undefined":true},
// {"$bigint":"-5"}, {"$bytes":"<hex>"}, {"$float":"NaN" | "Infinity" | "-Infinity" | "-0"}.
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(join(process.cwd(), 'package.json'))
const encoding = require('lib0/encoding')
const decoding = require('lib0/decoding')

const hex = bytes => Buffer.from(bytes).toString('hex')
const encode = write => hex(encoding.encode(write))

// A small generator (xorshift32), so that the file can be made again.
let state = 0x5eed
const next = () => {
  state ^= state << 13
  state >>>= 0
  state ^= state >>> 17
  state ^= state << 5
  state >>>= 0
  return state
}
const below = n => next() % n
const bits = new DataView(new ArrayBuffer(8))
const anyDouble = () => {
  bits.setUint32(0, next())
  bits.setUint32(4, next())
  return bits.getFloat64(0)
}
const doubleBits = number => {
  bits.setFloat64(0, number)
  return hex(new Uint8Array(bits.buffer))
}

const tagged = value => {
  if (value === undefined) return { $undefined: true }
  if (typeof value === 'bigint') return { $bigint: String(value) }
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { $float: Object.is(value, -0) ? '-0' : String(value) }
  }
  if (value instanceof Uint8Array) return { $bytes: hex(value) }
  if (Array.isArray(value)) return value.map(tagged)
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, tagged(member)]))
  }
  return value
}

// Primitives
const naturals = [0, 1, 63, 64, 127, 128, 255, 256, 16383, 16384, 2 ** 21, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32,
  2 ** 42 + 5, 2 ** 48, 2 ** 49 - 1, 2 ** 49, 2 ** 53 - 1]
const var_uint = naturals.map(number => ({ number: String(number), hex: encode(e => encoding.writeVarUint(e, number)) }))
const var_int = naturals.flatMap(number => [number, -number]).map(number => ({
  negative: number < 0 || Object.is(number, -0),
  magnitude: String(Math.abs(number)),
  hex: encode(e => encoding.writeVarInt(e, number))
}))
const strings = ['', 'a', 'hello', '\u0000', '\u007f\u0080\u07ff\u0800', '\uffff', 'Grüße', '漢字', '😀', 'a😀b', '\ufeffbom',
  '\ud83d', '\ude00', 'x\ud83dy', '\ude00\ud83d', '\ud83d\ud83d\ude00', 'é'.repeat(100), 'quote " back \\ slash /',
  '\b\f\n\r\t\u0001\u001f', '\u2028\u2029']
const var_string = strings.map(text => {
  const bytes = encoding.encode(e => encoding.writeVarString(e, text))
  return { text, units: text.length, hex: hex(bytes), read: decoding.readVarString(decoding.createDecoder(bytes)) }
})

// Values
const values = [null, undefined, true, false, 0, -0, 1, -1, 63, 64, -64, 127, 128, 2 ** 31 - 1, -(2 ** 31 - 1), 2 ** 31, -(2 ** 31),
  2 ** 31 + 1, 2 ** 32, 2 ** 53, 2 ** 53 - 1, 0.5, -0.5, 0.1, 1.1, 1e21, 1e300, 5e-324, 1e-45, 1.401298464324817e-45, 3.4028234663852886e38,
  3.5e38, NaN, Infinity, -Infinity, 0n, 1n, -5n, 2n ** 63n - 1n, -(2n ** 63n), ...strings, new Uint8Array(), new Uint8Array([0, 1, 255]),
  [], {}, [[]], [null, undefined, true], { a: 1 }, { b: { a: [1, { c: 'd' }] }, a: undefined, '': null }, { ü: '😀', '\ud83d': 1 },
  [new Uint8Array([1]), 7n, NaN, -0]]
const randomValue = depth => {
  switch (below(depth > 3 ? 8 : 10)) {
    case 0: return null
    case 1: return below(2) === 0
    case 2: return below(1000) - 500
    case 3: return next() * (below(2) === 0 ? 1 : -1)
    case 4: return anyDouble()
    case 5: return Math.fround(anyDouble())
    case 6: return strings[below(strings.length)]
    case 7: return BigInt(next()) * BigInt(next()) - 2n ** 62n
    case 8: return Array.from({ length: below(5) }, () => randomValue(depth + 1))
    default: return Object.fromEntries(Array.from({ length: below(5) }, (_, i) => ['k' + below(9) + 'x' + i, randomValue(depth + 1)]))
  }
}
for (let i = 0; i < 80; ++i) values.push(randomValue(0))
const any = values.map(value => {
  const bytes = encoding.encode(e => encoding.writeAny(e, value))
  return { value: tagged(value), hex: hex(bytes), read: tagged(decoding.readAny(decoding.createDecoder(bytes))) }
})

// JSON text
const hasBigInt = value => typeof value === 'bigint' || (value !== null && typeof value === 'object' && Object.values(value).some(hasBigInt))
const json = values.filter(value => value !== undefined && !hasBigInt(value)).map(value => ({
  value: tagged(value), text: JSON.stringify(value), pretty: JSON.stringify(value, null, 2)
}))
const texts = ['1', ' 1 ', '\t\n\r1', '-0', '1.0', '1e2', '1E+2', '1e-2', '-1.5e-10', '1e-400', '-1e-400', '0.000e999', '"a"', '"\\u0061"',
  '"\\ud83d\\ude00"', '"\\ud83d"', '"\\uD83D\\n"', '"\\ud83d\\ud83d\\ude00"', '"\\/\\b\\f\\n\\r\\t\\"\\\\"', '[]', '[ ]', '{}', '{ }', '[1,2 , 3]',
  '{"a":1,"b":{"a":2}}', '{"a":1,"b":2,"a":3}', '{"":0}', '{"__proto__":1}', 'true', 'false', 'null', '[null,true]',
  '123456789012345678901234567890', '0.1', '9007199254740993', '"\u2028"', '"\u007f"']
const bad_texts = ['', ' ', '01', '-', '+1', '.5', '1.', '1e', '1e+', '0x1', 'NaN', 'Infinity', '-Infinity', 'undefined', 'tru', 'nul', 'True',
  '"', '"a', '"\\x"', '"\\u12"', '"\\u12g4"', '"\\', '"\n"', '"\u0000"', '\'a\'', '[', '[1', '[1,', '[1,]', '[,]', '[1 2]', ']', '{', '{"a"', '{"a":',
  '{"a":1', '{"a":1,', '{"a":1,}', '{a:1}', '{1:1}', '{"a" 1}', '{,}', '1 2', '[] []', '\ufeff1', '// c\n1', '1\u00a0', '"\\u+123"', '"\\u 123"']
const accepts = text => { try { JSON.parse(text); return true } catch { return false } }
for (const text of texts) if (!accepts(text)) throw new Error('JSON.parse refuses ' + text)
for (const text of bad_texts) if (accepts(text)) throw new Error('JSON.parse takes ' + text)
const parse = texts.map(text => ({ text, value: tagged(JSON.parse(text)) }))

// Numbers as Number::toString writes them
const numbers = [0, 1, -1, 10, 1e5, 123456789, 1e20, 1e21, 1.5e21, 999999999999999900000, 1e-5, 1e-6, 1.5e-6, 1e-7, 1.25e-7, 0.1, 0.2, 0.1 + 0.2,
  100.5, 2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, 2 ** 63, 2 ** 64, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 4.35, 9.5e-323, 1e23, 123e-20]
for (let i = 0; i < 150; ++i) {
  const number = anyDouble()
  if (Number.isFinite(number)) numbers.push(number)
}
for (let i = 0; i < 150; ++i) numbers.push((below(2) * 2 - 1) * next() / 10 ** below(30), next() * 10 ** below(25))
const number = numbers.map(number => ({ bits: doubleBits(number), text: String(number) }))

// Columns, each with its length in bytes first
const column = (encoder, values) => {
  for (const value of values) encoder.write(value)
  const bytes = encoder instanceof encoding.Encoder ? encoding.toUint8Array(encoder) : encoder.toUint8Array()
  return { values, hex: encode(e => encoding.writeVarUint8Array(e, bytes)) }
}
const runs = (value, most) => Array.from({ length: below(12) }, value).flatMap(it => Array(1 + (below(3) === 0 ? below(most) : 0)).fill(it))
const bytes = [[], [0], [255, 255, 255, 0], ...Array.from({ length: 8 }, () => runs(() => below(4) === 0 ? below(256) : below(3), 40))]
const clocks = [[], [0], [0, 0, 0], [1, 1], [1, 0, 0], [0, 1, 2, 3, 4], [5, 4, 3, 2], [10, 7, 4, 1, 100], [2 ** 51, 0, 2 ** 51], [2 ** 32, 2 ** 32 + 1, 2 ** 32 + 2],
  ...Array.from({ length: 8 }, () => { let at = 0; return runs(() => below(5), 50).map(step => (at = below(20) === 0 ? below(2 ** 31) : at + step)) })]
const lengths = [[], [0], [0, 0, 0], [0, 0, 1], [1, 1, 0, 0], [2 ** 53 - 1, 2 ** 53 - 1], [64, 63, 2 ** 31], ...Array.from({ length: 8 }, () => runs(() => below(3) === 0 ? next() : below(3), 40))]
const words = ['', 'a', 'plan', 'ä', '→', '😀', 'x😀y', '\ud83d', '\ude00', '\0', '\ufeff', 'a longer text that has more than 19 characters']
const texts_of = [[], [''], ['\ud83d', '\ude00'], ['\ud83d', '', '\ude00x', '\ude00'], ...Array.from({ length: 12 }, () => runs(() => words[below(words.length)], 3))]
const rle = bytes.map(values => column(new encoding.RleEncoder(encoding.writeUint8), values))
const uint_opt_rle = lengths.map(values => column(new encoding.UintOptRleEncoder(), values))
const int_diff_opt_rle = clocks.map(values => column(new encoding.IntDiffOptRleEncoder(), values))
const string_columns = texts_of.map(values => {
  const row = column(new encoding.StringEncoder(), values)
  const at = decoding.createDecoder(Buffer.from(row.hex, 'hex'))
  const decoder = new decoding.StringDecoder(decoding.readVarUint8Array(at))
  return { ...row, read: values.map(() => decoder.read()) }
})

const sections = { var_uint, var_int, var_string, any, json, parse, number, bad_json: bad_texts, rle, uint_opt_rle, int_diff_opt_rle, strings: string_columns }
const lines = Object.entries(sections).map(([name, rows]) =>
  JSON.stringify(name) + ': [\n' + rows.map(row => JSON.stringify(row)).join(',\n') + '\n]')
process.stdout.write('{\n' + lines.join(',\n') + '\n}\n')
