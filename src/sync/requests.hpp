// Requests: a syncer's open questions. Each gets exactly one answer: the host's, or an error, at
// the latest when its time is over.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "base/executor.hpp"
#include "bus/message.hpp"

namespace syncline::sync {

/// What happens to a request whose connection breaks before the answer came.
enum class Repeat {
  kYes,  ///< it goes out again on the next connection: the host answers a repetition the same
  kNo,   ///< it fails with kUnavailable: whether it was done is not known
};

/// The host's answer to a request. `repeated`: the request went out more than once, so the host may
/// have carried it out some time ago.
struct Answer {
  bus::Body body;
  bool repeated = false;
};

/// Thread: its executor.
class Requests {
 public:
  using Done = std::function<void(Result<Answer>)>;
  using Send = std::function<void(const bus::Body&)>;

  explicit Requests(Executor& executor) : executor_(executor) {}

  /// Notes a request down, to be sent by send_unsent(). `done` is called once, never from inside
  /// this call.
  void add(bus::Body body, Repeat repeat, Done done);
  /// Sends, in order of asking, what is unsent.
  void send_unsent(const Send& send);
  /// Takes an answer. False when nobody waits for it (any more).
  bool answer(bus::Body body);
  /// The request is being worked on: its time begins anew.
  void prolong(bus::RequestId id);

  /// What was asked; nullptr when nobody waits for it (any more).
  const bus::Body* find(bus::RequestId id) const;

  /// The connection broke: what may be repeated waits for the next one, the rest fails.
  void on_down(const Error& why);
  /// There will be no connection: everything fails.
  void fail_all(const Error& why);

 private:
  struct Open {
    bus::Body body;
    Repeat repeat;
    Done done;
    bool sent = false;  // on this connection
    int times_sent = 0;
    Handle timeout;
  };

  void arm(bus::RequestId id, Open& open);
  void time_out(bus::RequestId id);
  void finish(bus::RequestId id, Result<Answer> result);

  Executor& executor_;
  std::map<bus::RequestId, Open> open_;
  bus::RequestId last_id_ = 1;  // 1 is every connection's hello
  std::optional<Error> down_;
};

}  // namespace syncline::sync
