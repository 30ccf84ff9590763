// Fuzzes relative positions: no bytes break the decoder, what it reads is written and read again as
// the same (as bytes and as JSON), and resolves somewhere in a document, or nowhere.
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "crdt/doc.hpp"
#include "crdt/relative_position.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace syncline;
  using namespace syncline::crdt;
  const auto position = RelativePosition::decode(ByteView(data, size));
  if (!position) return 0;
  const auto again = RelativePosition::decode(position->encode());
  SYNCLINE_CHECK(again.ok() && *again == *position, "a position changes when it is written");
  if (position->root != "") {
    const auto from_json = RelativePosition::from_json(position->to_json());
    SYNCLINE_CHECK(from_json.ok() && *from_json == *position, "a position changes as JSON");
  }

  Doc doc({.client = 1});
  Array list(*doc.root("t", TypeKind::kArray).value());
  list.push({Value(1), Value(2), NewType{.kind = TypeKind::kText, .text = "four"}, Value(3)})
      .or_throw();
  list.remove(1, 1).or_throw();
  Map map(*doc.root("m", TypeKind::kMap).value());
  map.set("k", NewType{.kind = TypeKind::kArray, .values = {Value(1)}});
  map.set("k", Value(2));
  for (const auto undone : {UndoneDeletions::kFollow, UndoneDeletions::kIgnore}) {
    const auto found = position->resolve(doc, undone);
    if (!found) continue;
    SYNCLINE_CHECK(found->type != nullptr && found->assoc == position->assoc, "a place is whole");
    const TypeKind kind = found->type->kind();
    // Beside a map's value, as in Yjs, it is before or after that.
    const std::size_t length = kind == TypeKind::kArray  ? Array(*found->type).size()
                               : kind == TypeKind::kText ? Text(*found->type).size()
                                                         : 1;
    SYNCLINE_CHECK(found->index <= length, "a place is inside its type");
  }
  return 0;
}
