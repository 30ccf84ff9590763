// The codec against the golden frames that the C++ side reads too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { decode, encode, MalformedFrame } from "../dist/codec.js";

const golden = new URL("../../../tests/unit/bus/golden/messages.json", import.meta.url);
const vectors = JSON.parse(readFileSync(golden, "utf8"));

const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
const fromGolden = (value) => {
  if (Array.isArray(value)) return value.map(fromGolden);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.$hex === "string") return bytes(value.$hex);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromGolden(item)]));
};

test("there are golden frames", () => assert.ok(vectors.length > 30));

for (const { name, hex, message } of vectors) {
  test(`golden: ${name}`, () => {
    assert.deepEqual(decode(bytes(hex)), fromGolden(message));
    assert.equal(Buffer.from(encode(fromGolden(message))).toString("hex"), hex);
  });
}

test("every cut or lengthened frame is malformed", () => {
  for (const { name, hex } of vectors) {
    const frame = bytes(hex);
    for (let end = 0; end < frame.length; ++end) {
      assert.throws(() => decode(frame.slice(0, end)), MalformedFrame, `${name} cut at ${end}`);
    }
    assert.throws(() => decode(new Uint8Array([...frame, 0])), MalformedFrame, `${name} and a byte`);
  }
});

test("a type nobody knows is told apart from garbage", () => {
  assert.deepEqual(decode(bytes("e80705ffff")), { type: "unknown", number: 1000, request: 5 });
});
