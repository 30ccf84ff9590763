// Whether a document is consistent inside: what every list, chain and index promises each other.
// For tests and fuzzers that feed documents what no honest peer would write.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "crdt/doc.hpp"
#include "crdt/engine.hpp"
#include "encoding/utf16.hpp"

namespace syncline::test {

class DocumentCheck {
 public:
  /// The first thing that is wrong with `doc`; empty if nothing is.
  static std::string of(crdt::Doc& doc) {
    const auto roots = doc.roots();
    if (roots.empty()) return {};
    DocumentCheck check(crdt::state_of(*doc.find_root(roots.front().first)).engine);
    check.run();
    return check.wrong_;
  }

 private:
  explicit DocumentCheck(crdt::Engine& engine) : engine_(engine) {}

  void require(bool holds, const std::string& what, crdt::Ref ref = crdt::kNone) {
    if (holds || !wrong_.empty()) return;
    wrong_ = what;
    if (ref == crdt::kNone) return;
    const crdt::ID id = engine_.store.id_of(engine_.store[ref]);
    wrong_ += " (at " + std::to_string(id.client) + ", " + std::to_string(id.clock) + ")";
  }

  void run() {
    for (const auto& [id, index] : engine_.store.clients()) check_client(index);
    for (const crdt::TypeIndex root : engine_.roots()) check_type(engine_.type(root));
    // By index: check_type finds further items only through lists, which are finite by now.
    for (const crdt::TypeIndex held : held_) check_type(engine_.type(held));
    require(reached_.size() == items_, "an item is in no list and no chain");
  }

  void check_client(crdt::ClientIndex index) {
    const crdt::Client& client = engine_.store.client(index);
    crdt::Clock clock = 0;
    if (client.structs.empty()) return require(client.end == 0, "a clock without structs");
    for (auto at = client.structs.first(); !client.structs.is_end(at);
         at = client.structs.next(at)) {
      const crdt::Ref ref = client.structs.at(at);
      const crdt::Item& item = engine_.store[ref];
      require(item.client() == index && item.clock() == clock, "a struct out of order", ref);
      require(item.length() > 0, "a struct of no length", ref);
      clock += item.length();
      require(item.is_gc() == (item.parent == crdt::kNone), "an item without a parent", ref);
      require(!item.is_gc() || item.deleted, "a collected struct that is not deleted", ref);
      if (!item.is_gc()) check_item(ref);
    }
    require(client.end == clock, "a client's end is not that of its structs");
  }

  void check_item(crdt::Ref ref) {
    const crdt::Item& item = engine_.store[ref];
    ++items_;
    if (item.kind == crdt::StructKind::kString) {
      require(encoding::utf16_length(engine_.store.text(item)) == item.length(),
              "a string's length is not its text's", ref);
    }
    if (item.kind != crdt::StructKind::kType) return;
    const auto held = static_cast<crdt::TypeIndex>(item.content());
    require(engine_.type(held).holder == ref, "a type that does not know its holder", ref);
    require(engine_.type(held).parent_type == item.parent, "a type that forgot its parent", ref);
    held_.push_back(held);
  }

  void check_type(crdt::TypeState& type) {
    const bool gone = engine_.is_deleted(type);
    crdt::Ref left = crdt::kNone;
    std::uint64_t length = 0;
    std::size_t items = 0;
    for (crdt::Ref ref = type.first; ref != crdt::kNone; ref = engine_.store[ref].right) {
      const crdt::Item& item = engine_.store[ref];
      if (!reach(type, ref, crdt::kNone)) return;
      require(item.left == left, "a list whose neighbours disagree", ref);
      require(!gone || item.deleted, "a living item in a deleted list", ref);
      if (type.positions) {
        require(item.leaf() != crdt::kNone, "an item that its index misses", ref);
        if (!wrong_.empty()) return;
        require(type.positions->position_of(ref) == length, "an index that counts wrong", ref);
      }
      length += item.visible_length();
      ++items;
      left = ref;
    }
    require(type.last == left, "a list that does not end with its last item");
    require(type.length == length, "a list whose length is wrong");
    require(type.items == items, "a list whose number of items is wrong");
    for (const crdt::KeyMap::Entry& entry : type.map.entries()) {
      crdt::Ref right = crdt::kNone;
      for (crdt::Ref ref = entry.item; ref != crdt::kNone; ref = engine_.store[ref].left) {
        if (!reach(type, ref, entry.key)) return;
        require(engine_.store[ref].right == right, "a chain whose neighbours disagree", ref);
        require(!gone || engine_.store[ref].deleted, "a living item in a deleted map", ref);
        require(right == crdt::kNone || engine_.store[ref].deleted, "a key with two values", ref);
        right = ref;
      }
    }
  }

  bool reach(const crdt::TypeState& type, crdt::Ref ref, crdt::KeyIndex key) {
    const crdt::Item& item = engine_.store[ref];
    require(!item.is_gc(), "a collected struct in a list", ref);
    require(item.parent == type.index && item.key() == key, "an item in a foreign list", ref);
    require(reached_.insert(ref).second, "an item in two places", ref);
    return wrong_.empty();
  }

  crdt::Engine& engine_;
  std::set<crdt::Ref> reached_;
  std::vector<crdt::TypeIndex> held_;
  std::size_t items_ = 0;
  std::string wrong_;
};

}  // namespace syncline::test
