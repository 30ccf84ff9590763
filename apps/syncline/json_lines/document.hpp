// One document of `syncline engine`: the Doc, and what has happened to it since the last answer.
#pragma once

#include <list>
#include <span>
#include <vector>

#include "crdt/doc.hpp"
#include "crdt/event.hpp"
#include "json_lines/values.hpp"

namespace syncline::json_lines {

struct Document {
  explicit Document(crdt::DocOptions options);

  /// From here on, events of the target come with each change.
  void observe(const Value& target, bool deep);
  /// Ends what observe began for an equal target.
  void unobserve(const Value& target);

  /// The members `update`, `update_v2`, `more` and `events` of an answer: what changed since the
  /// last call.
  Value::Object take_changes();

  /// The members `structs` and `deletes`: what waits for something the document lacks.
  Value::Object pending() const;

  struct Observation {
    Value target;
    Handle handle;
  };

  crdt::Doc doc;
  /// What one transaction changed, in both formats.
  struct Told {
    Bytes update;
    Bytes update_v2;
  };
  std::vector<Told> updates;
  Value::Array events;
  std::list<Observation> observations;
  Handle updating;
  Handle updating_v2;
};

}  // namespace syncline::json_lines
