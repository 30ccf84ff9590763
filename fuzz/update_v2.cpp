// Fuzzes update format 2 (fuzz/update_v1.cpp does the engine behind it): what cannot be decoded
// changes nothing; what can is the same update in either format, and leaves a consistent document
// that can be handed on.
//
// A few bytes may hold 2^24 structs, a few hundred bytes of memory each: run with
// -rss_limit_mb=8192.
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "crdt/doc.hpp"
#include "support/document_check.hpp"

namespace {

using namespace syncline;
using namespace syncline::crdt;

/// Bigger updates are decoded only: the rest takes its time and finds nothing new.
constexpr std::size_t kStructsAppliedMax = 20000;

std::size_t count(const Update& update) {
  std::size_t structs = 0;
  for (const auto& [client, items] : update.structs) structs += items.size();
  return structs;
}

void check_formats(const Bytes& bytes, const Update& update) {
  const Bytes once = encode_update_v2(update);
  const auto again = decode_update_v2(once);
  SYNCLINE_CHECK(again.ok(), "an update that does not survive its encoding");
  SYNCLINE_CHECK(encode_update_v2(*again) == once, "an update that changes when encoded again");
  const auto v1 = convert_update_v2_to_v1(bytes);
  SYNCLINE_CHECK(v1.ok() && decode_update_v1(*v1).ok(), "format 1 cannot be read");
  const auto v2 = convert_update_v1_to_v2(*v1);
  SYNCLINE_CHECK(v2.ok() && decode_update_v2(*v2).ok(), "format 2 of format 1 cannot be read");
  SYNCLINE_CHECK(obfuscate_update_v2(bytes).ok(), "what can be read can be obfuscated");
  SYNCLINE_CHECK(parse_update_meta_v2(bytes).ok(), "what can be read has clocks");
}

void check_without_document(const Doc& doc, const Bytes& bytes) {
  const auto diff = diff_update_v2(bytes, doc.state_vector());
  SYNCLINE_CHECK(diff.ok() && decode_update_v2(*diff).ok(), "a difference that cannot be read");
  const Bytes both[] = {bytes, doc.encode_state_as_update_v2()};
  const auto merged = merge_updates_v2(both);
  SYNCLINE_CHECK(merged.ok() && decode_update_v2(*merged).ok(), "a merged update cannot be read");
}

void check_document(Doc& doc) {
  const std::string wrong = test::DocumentCheck::of(doc);
  SYNCLINE_CHECK(wrong.empty(), wrong.c_str());
  Doc copy({.client = 100});
  SYNCLINE_CHECK(copy.apply_update_v2(doc.encode_state_as_update_v2()).ok(),
                 "a document that cannot be handed on");
  SYNCLINE_CHECK(copy.state_vector().covers(doc.state_vector()), "a copy that lacks something");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, data + size);
  Doc doc({.client = 2});
  Text text(*doc.root("t", TypeKind::kText).value());
  text.insert(0, "ab😀cd");
  const Bytes before = doc.encode_state_as_update_v2();
  const auto update = decode_update_v2(bytes);
  if (!update.ok()) {
    SYNCLINE_CHECK(!doc.apply_update_v2(bytes).ok(), "an update that only applying can read");
    SYNCLINE_CHECK(doc.encode_state_as_update_v2() == before, "a refused update left a trace");
    return 0;
  }
  if (count(*update) > kStructsAppliedMax) return 0;
  check_formats(bytes, *update);
  check_without_document(doc, bytes);
  SYNCLINE_CHECK(doc.apply_update_v2(bytes).ok(), "an update that only decoding can read");
  check_document(doc);
  text.insert(text.size() / 2, "é😀");
  check_document(doc);
  return 0;
}
