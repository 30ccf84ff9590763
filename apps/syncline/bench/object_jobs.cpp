// Many small documents, and changes that somebody observes.
#include <memory>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "bench/jobs.hpp"
#include "crdt/tree.hpp"
#include "object/live_object.hpp"
#include "syncline/data_object.hpp"

namespace syncline::bench {
namespace {

/// A task of a board, as a data object.
Bytes small_object() {
  crdt::Doc doc({.client = kFirstClient});
  crdt::Tree tree(*doc.root(object::kDataRoot, crdt::TypeKind::kMap).value());
  const Value task = Value::object({{"title", "Paint the fence"},
                                    {"done", false},
                                    {"effort", 3},
                                    {"owner", "hyperty://example.org/tom"},
                                    {"tags", Value::Array{"garden", "white"}}});
  SYNCLINE_CHECK(tree.set({}, task).ok(), "a tree takes any JSON");
  return doc.encode_state_as_update_v1();
}

/// Each a document of its own, as a hub holds them; the memory is that of one.
void small_objects(Run& run) {
  constexpr std::size_t kObjects = 100'000;
  const Bytes state = small_object();
  std::vector<std::unique_ptr<crdt::Doc>> objects;
  objects.reserve(kObjects);
  const std::size_t before = allocated();
  run.timed([&] {
    for (std::size_t i = 0; i < kObjects; ++i) {
      objects.push_back(std::make_unique<crdt::Doc>(
          crdt::DocOptions{.client = kFirstClient + 1 + i, .cleanup = false}));
      (void)objects.back()->apply_update_v1(state).value();
    }
  });
  run.measured.edits = kObjects;
  run.measured.bytes = state.size();
  run.measured.allocated = (allocated() - before) / kObjects;
  run.check(objects.back()->encode_state_as_update_v1() == state);
}

constexpr std::size_t kChanges = 100'000;

/// A member set in a map that has an observer, in the engine alone.
void observed(Run& run) {
  crdt::Doc doc({.client = kFirstClient});
  crdt::Map map(*doc.root("map", crdt::TypeKind::kMap).value());
  std::size_t heard = 0;
  const Handle observing =
      map.type().observe([&](const crdt::Event&, crdt::Transaction&) { ++heard; });
  run.timed([&] {
    for (std::size_t i = 0; i < kChanges; ++i) map.set("temperature", Value(i));
  });
  run.measured.edits = kChanges;
  run.check(heard == kChanges);
}

/// The same through a data object, whose observer gets change records.
void observed_field(Run& run) {
  const DataObject board = DataObject::local({{"temperature", 0}});
  std::size_t heard = 0;
  const Handle observing = board.observe([&](const Changes&) { ++heard; });
  const Node temperature = board["temperature"];
  run.timed([&] {
    for (std::size_t i = 1; i <= kChanges; ++i) temperature = Value(i);
  });
  run.measured.edits = kChanges;
  run.check(heard == kChanges && temperature.as<std::size_t>() == kChanges);
}

constexpr Job kJobs[] = {
    {"small_objects", small_objects},
    {"observed", observed},
    {"observed_field", observed_field},
};

}  // namespace

std::span<const Job> object_jobs() { return kJobs; }

}  // namespace syncline::bench
