// Fuzzes the two small sets that documents exchange: state vectors and snapshots, in both formats.
// What can be decoded is the same after another round, and can be asked and restored from.
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "crdt/doc.hpp"

namespace {

using namespace syncline;
using namespace syncline::crdt;

void check_state_vector(ByteView bytes) {
  const auto vector = StateVector::decode(bytes);
  if (!vector.ok()) return;
  const auto again = StateVector::decode(vector->encode());
  SYNCLINE_CHECK(again.ok() && *again == *vector, "a state vector that changes when encoded");
  Doc doc({.client = 2});
  Text(*doc.root("t", TypeKind::kText).value()).insert(0, "ab😀cd");
  SYNCLINE_CHECK(decode_update_v1(doc.encode_state_as_update_v1(*vector)).ok(), "format 1");
  SYNCLINE_CHECK(decode_update_v2(doc.encode_state_as_update_v2(*vector)).ok(), "format 2");
}

void check_snapshot(const Result<Snapshot>& snapshot) {
  if (!snapshot.ok()) return;
  const auto v1 = decode_snapshot_v1(encode_snapshot_v1(*snapshot));
  SYNCLINE_CHECK(v1.ok() && *v1 == *snapshot, "a snapshot that changes in format 1");
  const auto v2 = decode_snapshot_v2(encode_snapshot_v2(*snapshot));
  SYNCLINE_CHECK(v2.ok() && *v2 == *snapshot, "a snapshot that changes in format 2");

  Doc doc({.client = 2, .gc = false});
  Text text(*doc.root("t", TypeKind::kText).value());
  Map map(*doc.root("m", TypeKind::kMap).value());
  for (const char* word : {"one", "two", "😀"}) {
    text.insert(1 + text.size() / 2, word);
    map.set("k", Value(word));
  }
  text.remove(1, 4);
  (void)list_at(text.type(), *snapshot);
  (void)map_at(map.type(), *snapshot);
  SYNCLINE_CHECK(snapshot_contains_update_v1(*snapshot, doc.encode_state_as_update_v1()).ok(),
                 "an update that can be read");
  Doc then({.client = 2});
  const StateVector before = doc.state_vector();
  if (create_doc_from_snapshot(doc, *snapshot, then).ok()) {
    SYNCLINE_CHECK(then.state_vector().covers(snapshot->state) && then.client() == 2, "restored");
  }
  SYNCLINE_CHECK(doc.state_vector() == before, "a document that its past changed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  check_state_vector(bytes);
  check_snapshot(decode_snapshot_v1(bytes));
  check_snapshot(decode_snapshot_v2(bytes));
  return 0;
}
