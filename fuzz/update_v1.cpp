// Fuzzes the document engine with updates from the world: what cannot be decoded changes nothing,
// what can be decoded leaves a consistent document that can be handed on.
//
// The first byte chooses how the rest is read: as a sequence of updates (var_bytes each, or else
// one update as it is), or as a recipe for updates that decode but that no honest peer would write.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "crdt/doc.hpp"
#include "crdt/event.hpp"
#include "encoding/json.hpp"
#include "encoding/lib0.hpp"
#include "support/document_check.hpp"

namespace {

using namespace syncline;
using namespace syncline::crdt;

constexpr std::size_t kUpdatesMax = 8;
constexpr std::uint8_t kRecipe = 0x80;
constexpr std::uint8_t kWithContent = 0x01;
constexpr std::uint8_t kWithoutGc = 0x02;

/// Decisions from the fuzzer's bytes; 0 once they are used up.
class Choices {
 public:
  explicit Choices(ByteView bytes) : bytes_(bytes) {}
  bool any() const { return !bytes_.empty(); }
  unsigned below(unsigned bound) {
    if (bytes_.empty()) return 0;
    const unsigned byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte % bound;
  }

 private:
  ByteView bytes_;
};

constexpr std::string_view kTexts[] = {"a", "abcd", "é€", "x😀y", "😀😀😀", "\xEF\xBF\xBD"};
constexpr std::string_view kJsons[] = {"1", "null", "{\"k\":[1]}", "true"};
constexpr std::string_view kRoots[] = {"t", "a", "m", "x", "other"};
constexpr std::string_view kKeys[] = {"k", "b"};

/// An item that decodes: what it refers to of its own client comes before it.
ID make_id(Choices& choices, ID self) {
  const ID id{choices.below(4), choices.below(24)};
  if (id.client == self.client && id.clock >= self.clock) return {id.client + 4, id.clock};
  return id;
}

Content make_content(Choices& choices, StructKind kind, std::uint64_t& length) {
  Content content;
  length = 1;
  const auto json = [&] { return std::string(kJsons[choices.below(4)]); };
  switch (kind) {
    case StructKind::kDeleted:
    case StructKind::kGC:
    case StructKind::kSkip:
      length = 1 + choices.below(5);
      break;
    case StructKind::kJson:
      length = 1 + choices.below(3);
      for (std::uint64_t i = 0; i < length; ++i) content.json.push_back(json());
      break;
    case StructKind::kAny:
      length = 1 + choices.below(4);
      for (std::uint64_t i = 0; i < length; ++i) {
        content.values.emplace_back(static_cast<double>(choices.below(3)));
      }
      break;
    case StructKind::kString:
      content.text = kTexts[choices.below(6)];
      length = encoding::utf16_length(content.text);
      break;
    case StructKind::kEmbed:
      content.json.push_back(json());
      break;
    case StructKind::kFormat:
      content.text = kKeys[choices.below(2)];
      content.json.push_back(json());
      break;
    case StructKind::kType:
      content.type = static_cast<TypeKind>(choices.below(7));
      if (content.type == TypeKind::kXmlElement || content.type == TypeKind::kXmlHook) {
        content.text = "p";
      }
      break;
    case StructKind::kDoc:
      content.text = "guid";
      content.values.emplace_back(Value::object());
      break;
    case StructKind::kBinary:
      content.bytes = {1, 2};
      break;
  }
  return content;
}

Update make_update(Choices& choices) {
  // Text and types most of the time: there is most to break.
  constexpr StructKind kKinds[] = {StructKind::kString, StructKind::kType,    StructKind::kAny,
                                   StructKind::kGC,     StructKind::kSkip,    StructKind::kJson,
                                   StructKind::kFormat, StructKind::kEmbed,   StructKind::kDoc,
                                   StructKind::kBinary, StructKind::kDeleted, StructKind::kString,
                                   StructKind::kType};
  Update update;
  for (unsigned sections = 1 + choices.below(4); sections > 0; --sections) {
    ID id{choices.below(4), choices.below(3) == 0 ? choices.below(16) : 0};
    auto& structs = update.structs[id.client];
    structs.clear();
    for (unsigned left = 1 + choices.below(6); left > 0 && choices.any(); --left) {
      Struct item;
      item.id = id;
      item.kind = kKinds[choices.below(13)];
      item.content = make_content(choices, item.kind, item.length);
      if (item.is_item()) {
        const unsigned form = choices.below(8);
        if ((form & 1) != 0) item.origin = make_id(choices, id);
        if ((form & 2) != 0) item.right_origin = make_id(choices, id);
        item.has_key = (form & 4) != 0;
        if ((form & 3) == 0) {
          if (choices.below(2) == 0) {
            item.parent = std::string(kRoots[choices.below(5)]);
          } else {
            item.parent = make_id(choices, id);
          }
          if (item.has_key) item.key = kKeys[choices.below(2)];
        }
      }
      id.clock += item.length;
      structs.push_back(std::move(item));
    }
    if (structs.empty()) update.structs.erase(id.client);
  }
  for (unsigned ranges = choices.below(4); ranges > 0; --ranges) {
    const ClientId client = choices.below(4);
    const Clock clock = choices.below(24);
    update.deletes.add(client, clock, 1 + choices.below(6));
  }
  return update;
}

std::vector<Bytes> read_input(std::uint8_t flags, ByteView input) {
  std::vector<Bytes> updates;
  if ((flags & kRecipe) != 0) {
    Choices choices(input);
    while (choices.any() && updates.size() < kUpdatesMax) {
      updates.push_back(encode_update_v1(make_update(choices)));
    }
    return updates;
  }
  encoding::Reader reader(input);
  while (!reader.at_end() && updates.size() < kUpdatesMax) {
    const ByteView update = reader.var_bytes();
    updates.emplace_back(update.begin(), update.end());
  }
  if (reader.failed() || !reader.at_end()) updates = {Bytes(input.begin(), input.end())};
  return updates;
}

void open_roots(Doc& doc) {
  (void)doc.root("t", TypeKind::kText);
  (void)doc.root("a", TypeKind::kArray);
  (void)doc.root("m", TypeKind::kMap);
  (void)doc.root("x", TypeKind::kXmlFragment);
}

void fill(Doc& doc) {
  doc.transact([&](Transaction&) {
    Text(*doc.find_root("t")).insert(0, "ab😀cd");
    (void)Array(*doc.find_root("a")).insert(0, {Value(1.0), NewType{.kind = TypeKind::kArray}});
    Map(*doc.find_root("m"))
        .set("k", NewType{.kind = TypeKind::kMap, .entries = {{"b", Value(2.0)}}});
  });
  Text(*doc.find_root("t")).remove(1, 2);
}

/// Keys stand in the order in which they first came, which differs between peers.
Value sorted(const Value& value) {
  if (value.is_array()) {
    Value::Array items;
    for (const Value& item : value.items()) items.push_back(sorted(item));
    return items;
  }
  if (!value.is_object()) return value;
  Value::Object members;
  for (const auto& [name, member] : value.members()) members.emplace_back(name, sorted(member));
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return members;
}

/// Everything that can be read of the roots, as JSON texts.
std::string read(Doc& doc) {
  std::string said;
  for (const std::string_view name : {"t", "a", "m", "x"}) {
    said += encoding::write_json(sorted(doc.find_root(name)->to_json()));
    said += '\n';
  }
  return said;
}

void check_consistency(Doc& doc) {
  const std::string wrong = test::DocumentCheck::of(doc);
  SYNCLINE_CHECK(wrong.empty(), wrong.c_str());
}

/// A list's events account for its length.
class Accountant {
 public:
  explicit Accountant(Doc& doc) : array_(*doc.root("a", TypeKind::kArray).value()) {
    length_ = array_.size();
    listening_ = array_.type().observe([this](const Event& event, Transaction&) { hear(event); });
    for (const char* root : {"t", "a", "m", "x"}) {
      deep_.push_back(
          doc.find_root(root)->observe_deep([](std::span<const Event> events, Transaction&) {
            for (const Event& event : events) (void)event.target->to_json();
          }));
    }
  }

 private:
  void hear(const Event& event) {
    std::size_t passed = 0;
    std::size_t now = 0;
    for (const DeltaOp& op : event.delta) {
      if (const auto* retain = std::get_if<Retain>(&op)) {
        passed += retain->length;
        now += retain->length;
      } else if (const auto* insert = std::get_if<Insert>(&op)) {
        now += insert->elements.size();
      } else {
        passed += std::get<Delete>(op).length;
      }
    }
    SYNCLINE_CHECK(passed <= length_, "a delta that goes past the end of its list");
    length_ = length_ - passed + now;
    SYNCLINE_CHECK(array_.size() == length_, "a delta that does not add up");
  }

  Array array_;
  std::size_t length_;
  Handle listening_;
  std::vector<Handle> deep_;
};

/// The functions that need no document take the update too.
void check_without_document(Doc& doc, const Bytes& bytes, const Update& update,
                            const Bytes& earlier) {
  const Bytes once = encode_update_v1(update);
  const auto again = decode_update_v1(once);
  SYNCLINE_CHECK(again.ok(), "an update that does not survive its encoding");
  SYNCLINE_CHECK(encode_update_v1(*again) == once, "an update that changes when encoded again");
  (void)state_vector_of(update);
  const auto diff = diff_update_v1(bytes, doc.state_vector());
  SYNCLINE_CHECK(diff.ok() && decode_update_v1(*diff).ok(), "a difference that cannot be read");
  const Bytes both[] = {bytes, earlier};
  if (const auto merged = merge_updates_v1(both); merged.ok()) {
    SYNCLINE_CHECK(decode_update_v1(*merged).ok(), "a merged update that cannot be read");
  }
}

void apply(Doc& doc, const Bytes& bytes, const Bytes& earlier) {
  const auto update = decode_update_v1(bytes);
  if (!update.ok()) {
    const Bytes before = doc.encode_state_as_update_v1();
    SYNCLINE_CHECK(!doc.apply_update_v1(bytes).ok(), "an update that only applying can read");
    SYNCLINE_CHECK(doc.encode_state_as_update_v1() == before, "a refused update left a trace");
    return;
  }
  check_without_document(doc, bytes, *update, earlier);
  const bool waited = doc.has_pending();
  const bool complete = doc.unmet(*update).empty();
  const auto applied = doc.apply_update_v1(bytes, {}, Relay::kYes);
  SYNCLINE_CHECK(applied.ok(), "an update that only decoding can read");
  SYNCLINE_CHECK(waited || applied->pending == !complete, "unmet() and apply() disagree");
  if (!applied->update.empty()) {
    SYNCLINE_CHECK(decode_update_v1(applied->update).ok(), "what is relayed cannot be read");
  }
  check_consistency(doc);
  const StateVector state = doc.state_vector();
  for (const auto& [client, clock] : state.clocks()) {
    for (Clock at = 0; at < std::min<Clock>(clock, 16); ++at) (void)doc.place_of({client, at});
  }
}

/// Local changes still work, whatever the document was fed.
void edit(Doc& doc) {
  Text text(*doc.find_root("t"));
  text.insert(text.size() / 2, "é😀");
  text.remove(0, text.size() / 3 + 1);
  Array array(*doc.find_root("a"));
  SYNCLINE_CHECK(array.insert(array.size() / 2, {Value(7.0)}).ok(), "an insertion in range");
  SYNCLINE_CHECK(array.remove(0, array.size() / 2 + 1).ok(), "a removal in range");
  for (std::size_t i = 0; i < array.size(); ++i) (void)array.get(i);
  Map map(*doc.find_root("m"));
  map.set("b", Value(true));
  map.remove("k");
  check_consistency(doc);
}

void check_handing_on(Doc& doc) {
  const Bytes state = doc.encode_state_as_update_v1();
  // Formats in lists that are no texts are cleaned up only when the next remote change comes.
  Doc copy({.client = 100, .gc = doc.options().gc, .cleanup = false});
  open_roots(copy);
  SYNCLINE_CHECK(copy.apply_update_v1(state).ok(), "a document that cannot be handed on");
  check_consistency(copy);
  // What waits in pieces may be complete when it comes as a whole.
  SYNCLINE_CHECK(copy.state_vector().covers(doc.state_vector()), "a copy that lacks something");
  if (doc.has_pending()) return;
  SYNCLINE_CHECK(copy.state_vector() == doc.state_vector(), "a copy with other clocks");
  SYNCLINE_CHECK(!copy.has_pending(), "a copy that waits for more");
  SYNCLINE_CHECK(copy.delete_set() == doc.delete_set(), "a copy with other deletions");
  SYNCLINE_CHECK(read(copy) == read(doc), "a copy that reads differently");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t flags = data[0];
  const std::vector<Bytes> updates = read_input(flags, ByteView(data + 1, size - 1));
  Doc doc({.client = 2, .gc = (flags & kWithoutGc) == 0});
  open_roots(doc);
  if ((flags & kWithContent) != 0) fill(doc);
  Accountant accountant(doc);
  Bytes earlier{0, 0};
  for (const Bytes& update : updates) {
    apply(doc, update, earlier);
    earlier = update;
  }
  check_handing_on(doc);
  edit(doc);
  check_handing_on(doc);
  return 0;
}
