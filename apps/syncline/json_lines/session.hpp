// The documents of one `syncline engine` process, and the answer to each line
// (docs/ENGINE.md).
//
// Thread: one.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "syncline/value.hpp"

namespace syncline::json_lines {

struct Document;
class UndoManagers;

class Session {
 public:
  Session();
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Answers one request line with one line (without its end). Never throws for what a line holds.
  std::string answer(std::string_view line);

 private:
  struct Command;
  static const Command kCommands[];

  Value::Object carry_out(const Value& request);
  Document& document(const Value& request);
  Value::Object doc_new(const Value& request);
  Value::Object doc_drop(const Value& request);
  Value::Object doc_apply(const Value& request);
  Value::Object doc_encode(const Value& request);
  Value::Object doc_state_vector(const Value& request);
  Value::Object doc_pending(const Value& request);
  Value::Object doc_json(const Value& request);
  Value::Object doc_snapshot(const Value& request);
  Value::Object doc_from_snapshot(const Value& request);
  Value::Object doc_delta(const Value& request);
  Value::Object doc_roots(const Value& request);
  Value::Object doc_observe(const Value& request);
  Value::Object doc_unobserve(const Value& request);
  Value::Object doc_transact(const Value& request);
  Value::Object position_create(const Value& request);
  Value::Object position_resolve(const Value& request);
  Value::Object undo_new(const Value& request);

  std::map<std::string, std::unique_ptr<Document>, std::less<>> documents_;
  std::unique_ptr<UndoManagers> undo_managers_;
};

}  // namespace syncline::json_lines
