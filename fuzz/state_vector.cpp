// Fuzzes state vectors: no bytes break the decoder; what it reads is written and read again as the
// same, and can be asked for: a document and an update are cut at it, in both formats, and what
// was cut off fits where the rest is known.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "crdt/doc.hpp"

namespace {

using namespace syncline;
using namespace syncline::crdt;

/// Clients 2 (text with pairs to cut, a list, deletions) and 0, with a hole in what is known of 7.
void fill(Doc& doc) {
  Text text(*doc.root("t", TypeKind::kText).value());
  text.insert(0, "ab😀cd😀");
  text.remove(1, 2);
  Array list(*doc.root("a", TypeKind::kArray).value());
  list.push({Value(1), Value("x"), NewType{.kind = TypeKind::kMap, .entries = {{"k", Value(2)}}}})
      .or_throw();
  Doc other({.client = 0});
  other.apply_update_v1(doc.encode_state_as_update_v1()).value();
  Text(*other.root("t", TypeKind::kText).value()).insert(2, "é😀é");
  doc.apply_update_v1(other.encode_state_as_update_v1()).value();

  Doc third({.client = 7});
  third.apply_update_v1(doc.encode_state_as_update_v1()).value();
  Text of_third(*third.root("t", TypeKind::kText).value());
  of_third.insert(0, "lost");
  const StateVector before = third.state_vector();
  of_third.insert(1, "waits");
  doc.apply_update_v1(third.encode_state_as_update_v1(before)).value();
  SYNCLINE_CHECK(doc.has_pending(), "something that waits");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto vector = StateVector::decode(ByteView(data, size));
  if (!vector.ok()) return 0;
  const Bytes written = vector->encode();
  const auto again = StateVector::decode(written);
  SYNCLINE_CHECK(again.ok() && *again == *vector, "a state vector that changes when encoded");
  SYNCLINE_CHECK(again->encode() == written, "a state vector with two encodings");
  StateVector merged = *vector;
  merged.merge(*again);
  SYNCLINE_CHECK(merged == *vector && merged.covers(*vector), "a vector that lacks what it holds");

  Doc doc({.client = 2});
  fill(doc);
  const Bytes v1 = doc.encode_state_as_update_v1(*vector);
  const Bytes v2 = doc.encode_state_as_update_v2(*vector);
  SYNCLINE_CHECK(decode_update_v1(v1).ok(), "a document's rest in format 1");
  SYNCLINE_CHECK(decode_update_v2(v2).ok(), "a document's rest in format 2");
  const auto cut_v1 = diff_update_v1(doc.encode_state_as_update_v1(), *vector);
  const auto cut_v2 = diff_update_v2(doc.encode_state_as_update_v2(), *vector);
  SYNCLINE_CHECK(cut_v1.ok() && decode_update_v1(*cut_v1).ok(), "an update's rest in format 1");
  SYNCLINE_CHECK(cut_v2.ok() && decode_update_v2(*cut_v2).ok(), "an update's rest in format 2");

  // Whoever has everything learns nothing; whoever has as much as the vector says, of what there
  // is, gets the rest.
  Doc same({.client = 9});
  same.apply_update_v1(doc.encode_state_as_update_v1()).value();
  const StateVector all = same.state_vector();
  same.apply_update_v1(v1).value();
  same.apply_update_v2(*cut_v2).value();
  SYNCLINE_CHECK(same.state_vector() == all, "a rest that says more than the whole");
  if (vector->clocks().empty()) {
    Doc fresh({.client = 9});
    fresh.apply_update_v2(v2).value();
    SYNCLINE_CHECK(fresh.state_vector() == all, "a whole that lacks something");
  }
  return 0;
}
