#include "sim/oracle.hpp"

#include <gtest/gtest.h>

#include "room/object_state.hpp"
#include "simulation/random.hpp"

namespace syncline::sim {
namespace {

/// The members of the map at `name` in a tree.
std::set<std::string> members(const Value& tree, std::string_view name) {
  std::set<std::string> keys;
  const Value* const map = tree.find(name);
  if (map == nullptr || !map->is_object()) return keys;
  for (const auto& [key, value] : map->members()) keys.insert(key);
  return keys;
}

bool is_forged(std::string_view mark) { return mark.starts_with(kForged); }

}  // namespace

void Oracle::acknowledged(const std::string& url, const std::string& mark) {
  promised_[url].marks.insert(mark);
}

void Oracle::removal_acknowledged(const std::string& url, const std::string& mark) {
  promised_[url].removals.insert(mark);
}

void Oracle::saw(std::size_t participant, const std::string& url, const Value& tree) {
  // What a copy holds that began on its own disk need not be anywhere else yet.
  const std::string own = "p" + std::to_string(participant) + "-";
  for (const std::string& mark : members(tree, "marks")) {
    if (plan_.keepers.contains(participant) && mark.starts_with(own)) continue;
    if (is_forged(mark)) {
      if (!is_liar(participant, url))
        ADD_FAILURE() << identity_of(participant) << " got " << mark << " of " << url;
      continue;
    }
    promised_[url].marks.insert(mark);
  }
}

void Oracle::saw(std::size_t participant, const std::string& url, const Changes& changes) {
  for (const Change& change : changes) {
    if (change.path.size() != 2 || change.local) continue;
    const auto* map = std::get_if<std::string>(&change.path[0]);
    const auto* mark = std::get_if<std::string>(&change.path[1]);
    if (map == nullptr || mark == nullptr) continue;
    const bool removed = change.type == Change::Type::kDelete;
    if (is_forged(*mark)) {
      // Its author sees it go again.
      if (!is_liar(participant, url) || !removed)
        ADD_FAILURE() << identity_of(participant) << " heard of " << *mark << " in " << url;
    } else if (*map == "marks" && !removed) {
      promised_[url].marks.insert(*mark);
    } else if (*map == "gone" && removed && change.cause.empty()) {
      promised_[url].removals.insert(*mark);
    }
  }
}

void Oracle::kept(std::size_t participant, const std::string& url, const std::string& mark) {
  kept_[participant][url].insert(mark);
}

void Oracle::check_kept(std::size_t participant, const storage::Contents& disk,
                        const std::string& parked) const {
  const auto found = kept_.find(participant);
  if (found == kept_.end()) return;
  for (const auto& [url, marks] : found->second) {
    const auto doc = document(disk, url);
    const std::set<std::string> there =
        doc ? members((*doc->root("data", crdt::TypeKind::kMap))->to_json(), "marks")
            : std::set<std::string>();
    for (const std::string& mark : marks)
      EXPECT_TRUE(there.contains(mark) || parked.find('"' + mark + '"') != std::string::npos)
          << mark << " of " << url << " was kept by " << identity_of(participant) << " and is lost";
  }
}

void Oracle::check(const storage::Contents& disk) const {
  for (const auto& [url, promised] : promised_) {
    const auto doc = document(disk, url);
    ASSERT_NE(doc, nullptr) << url << " is not on the disk";
    const Value tree = (*doc->root("data", crdt::TypeKind::kMap))->to_json();
    const std::set<std::string> marks = members(tree, "marks");
    const std::set<std::string> gone = members(tree, "gone");
    for (const std::string& mark : promised.marks)
      EXPECT_TRUE(marks.contains(mark)) << mark << " of " << url << " was promised and is lost";
    for (const std::string& mark : promised.removals)
      EXPECT_FALSE(gone.contains(mark)) << mark << " of " << url << " was removed and is back";
    for (const std::string& mark : marks)
      EXPECT_FALSE(is_forged(mark)) << mark << " got into " << url;
  }
}

std::unique_ptr<crdt::Doc> Oracle::document(const storage::Contents& disk, const std::string& url) {
  const auto stored = disk.load(url);
  if (!stored) return nullptr;
  simulation::SeededRandom random(1);
  Result<room::ObjectState> state = room::load_state(*stored, random);
  if (!state.ok()) {
    ADD_FAILURE() << url << " cannot be loaded: " << state.error().message();
    return nullptr;
  }
  return std::move(state->doc);
}

std::size_t Oracle::promises() const {
  std::size_t count = 0;
  for (const auto& [url, promised] : promised_)
    count += promised.marks.size() + promised.removals.size();
  return count;
}

bool Oracle::is_liar(std::size_t participant, const std::string& url) const {
  for (const PlannedObject& object : plan_.objects)
    if (object.url == url) return participant == plan_.liar && !object.may_write(participant);
  return false;
}

}  // namespace syncline::sim
