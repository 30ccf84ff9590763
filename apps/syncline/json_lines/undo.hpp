// The undo managers of `syncline engine`, by name, and the clock that joins their steps.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "crdt/undo_manager.hpp"
#include "json_lines/document.hpp"

namespace syncline::json_lines {

class UndoManagers {
 public:
  Value::Object make(Document& document, const Value& request);
  /// Before a document goes.
  void drop(const Document& document);

  Value::Object undo(const Value& request);
  Value::Object redo(const Value& request);
  Value::Object stop_capturing(const Value& request);
  Value::Object clear(const Value& request);
  Value::Object stack(const Value& request);
  /// From here on time is what the requests say.
  Value::Object set_clock(const Value& request);

 private:
  struct Entry {
    Document& document;
    std::unique_ptr<crdt::UndoManager> manager;
  };
  Entry& find(const Value& request);
  Value::Object changed(Entry& entry, bool any);

  std::optional<std::int64_t> now_ms_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace syncline::json_lines
