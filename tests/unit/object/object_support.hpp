// What the tests of objects share: a syncer that only takes notes, a replica, and a plain copy that
// repeats change records.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "object/live_object.hpp"
#include "syncline/data_object.hpp"

namespace syncline::test {

/// Takes note of what a LiveObject tells its syncer.
class NotingSyncer : public object::LiveObjectEvents {
 public:
  Result<void> may_write() override {
    ++asked;
    return refusal ? Result<void>(*refusal) : Result<void>();
  }
  void on_local_update(SharedBytes update) override { updates.push_back(std::move(update)); }
  std::size_t unacknowledged() const override { return updates.size(); }
  std::string owner() const override { return "hyperty://example.org/owner"; }

  void on_violation(const Error& error) override { violations.push_back(error); }

  std::optional<Error> refusal;
  std::vector<Error> violations;
  int asked = 0;
  std::vector<SharedBytes> updates;
};

/// One copy of a shared object, and what its one writer made.
struct Replica {
  explicit Replica(std::string name, crdt::ClientId client)
      : identity(std::move(name)),
        live(std::make_shared<object::LiveObject>("comm://example.org/board", identity,
                                                  make_doc(client), nullptr, &syncer)),
        object(live) {}

  static std::unique_ptr<crdt::Doc> make_doc(crdt::ClientId client) {
    return std::make_unique<crdt::Doc>(crdt::DocOptions{.client = client});
  }

  /// Everything made here and not handed out yet.
  std::vector<SharedBytes> take() { return std::exchange(syncer.updates, {}); }

  NotingSyncer syncer;
  std::string identity;
  std::shared_ptr<object::LiveObject> live;
  DataObject object;
};

inline bool bring(Replica& to, const std::vector<std::pair<std::string, SharedBytes>>& updates) {
  std::vector<object::RemotePart> parts;
  for (const auto& [by, update] : updates) parts.push_back({by, *update});
  const Result<bool> pending = to.live->apply_remote(parts);
  EXPECT_TRUE(pending.ok());
  return pending.ok() && *pending;
}

/// Brings everything that `from` made to `to`, in one batch.
inline void ship(Replica& from, Replica& to) {
  std::vector<std::pair<std::string, SharedBytes>> updates;
  for (SharedBytes& update : from.take()) updates.emplace_back(from.identity, std::move(update));
  bring(to, updates);
}

/// The lines of the records that an observer heard, one vector for each call.
class Transcript {
 public:
  explicit Transcript(const DataObject& object)
      : watching_(object.observe([this](const Changes& changes) {
          calls.emplace_back();
          for (const Change& change : changes) {
            std::ostringstream line;
            line << change;
            calls.back().push_back(line.str());
          }
          last = changes;
        })) {}

  using Call = std::vector<std::string>;
  std::vector<Call> take() { return std::exchange(calls, {}); }

  std::vector<Call> calls;
  Changes last;

 private:
  Handle watching_;
};

using Calls = std::vector<Transcript::Call>;

/// A plain value that repeats change records, and fails where one does not fit what is there.
class Mirror {
 public:
  explicit Mirror(Value state) : state_(std::move(state)) {}
  void repeat(const Changes& changes) {
    for (const Change& change : changes) repeat(change);
  }
  void repeat(const Change& change);
  const Value& state() const { return state_; }

 private:
  Value state_;
};

/// The code of the Error that `action` throws, and its message in `message`; nullopt where it
/// throws none.
template <typename Action>
std::optional<Code> code_of(const Action& action, std::string* message = nullptr) {
  try {
    action();
  } catch (const Error& error) {
    if (message != nullptr) *message = error.message();
    return error.code();
  }
  return std::nullopt;
}

template <typename Action>
std::string message_of(const Action& action) {
  std::string message = "(no error)";
  code_of(action, &message);
  return message;
}

}  // namespace syncline::test
