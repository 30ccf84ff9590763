// Syncer: creates, shares and subscribes to data objects; sends local changes and applies remote
// ones.
//
//     syncline::Syncer alice{{.identity = "hyperty://example.org/alice", .hub =
//     "ws://127.0.0.1:4455"}}; auto board = alice.create("comm://example.org/board", {{"title",
//     "Plan"}}).get(); board["title"] = "Plan B";
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "syncline/conflict.hpp"
#include "syncline/data_object.hpp"
#include "syncline/error.hpp"
#include "syncline/handle.hpp"
#include "syncline/value.hpp"

namespace syncline {

namespace detail {
/// What Pending needs of a Syncer: waiting for it. Implemented in the façade.
class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual bool wait(const std::function<bool()>& done, std::chrono::nanoseconds timeout) = 0;
};

template <typename T>
struct PendingState {
  std::unique_ptr<T> value;
  std::unique_ptr<Error> error;
  std::vector<std::function<void(PendingState&)>> then;
  bool done() const { return value || error; }
};
}  // namespace detail

/// Nothing: the result of operations that only succeed or fail.
struct Unit {};

/// The answer to a request, not here yet. Every request gets one: a value, or an error (kTimeout at
/// the latest).
template <typename T>
class [[nodiscard]] Pending {
 public:
  Pending(std::shared_ptr<detail::PendingState<T>> state, std::shared_ptr<detail::Waiter> waiter)
      : state_(std::move(state)), waiter_(std::move(waiter)) {}

  /// Waits for the answer; throws the Error it failed with, kTimeout when `timeout` passed. In poll
  /// mode it pumps the syncer. REQUIRES: not called from an observer or callback of the same
  /// syncer.
  T get(std::chrono::milliseconds timeout = std::chrono::seconds(30)) {
    const auto state = state_;
    if (!waiter_->wait([state] { return state->done(); }, timeout))
      throw Error(Code::kTimeout, "no answer within " + std::to_string(timeout.count()) + " ms");
    if (state->error) throw Error(*state->error);
    return *state->value;
  }

 private:
  std::shared_ptr<detail::PendingState<T>> state_;
  std::shared_ptr<detail::Waiter> waiter_;
};

struct SyncerOptions {
  /// Who this syncer is: `hyperty://domain/name`. May be empty where `data` knows it already.
  std::string identity{};
  /// The hub to share through, `ws://host:port`. Empty: this syncer hosts the objects it creates.
  std::string hub{};
  /// A file that keeps objects across restarts; empty: in memory only. One process at a time.
  ///
  /// Beside a hub it holds this syncer's copies, what was written to them and not acknowledged yet,
  /// and its identity: objects are created, read and written whether or not the hub was ever
  /// reached, survive kill -9 and power loss (see save()), and go up once when it is. Every object
  /// in it is followed from the start, until unsubscribe(). A backup of it may be put back at any
  /// time.
  ///
  /// Without a hub it holds the objects hosted here.
  std::string data{};
  /// Address to accept other syncers on, "127.0.0.1:0" picks a port; empty: reachable in this
  /// process only. REQUIRES: no hub.
  std::string listen{};
  /// A token for hubs that ask for one.
  std::string token{};
  /// Asked where edits meet that the program wants to decide about itself (conflict.hpp). REQUIRES:
  /// a hub.
  ConflictHook on_conflict{};
  /// True: everything runs inside poll() and get(), on the caller's thread (games, GUIs).
  bool poll = false;
};

struct CreateOptions {
  /// "owner", "open", "private", or a rule set.
  Value access = "owner";
  /// Who may read a private object, and is told of this one.
  std::vector<std::string> invite{};
  /// False: lives in the host's memory only; acknowledgements say so.
  bool durable = true;
  /// A JSON Schema that the object has to keep to, for good (docs/SCHEMA.md); null: none. A write
  /// that breaks it throws kSchema at its line; the room refuses what comes otherwise.
  Value schema{};
};

struct InvitationNotice {
  std::string url{};
  std::string from{};
};

/// A participant's end of the sync-api. Identity. Thread: any; callbacks run on the syncer's own
/// thread, or inside poll(). Destroying it waits shortly for what was written to be acknowledged,
/// then ends all its objects: their handles stay readable and throw kUnavailable on writes.
class Syncer {
 public:
  /// Throws kMalformed for an identity or URL that is not one, kConflict where the data file is in
  /// use ("in_use", naming the process), is somebody else's ("other_identity"), or was used with a
  /// hub and now without, or the other way round ("other_use").
  explicit Syncer(SyncerOptions options);
  ~Syncer();
  Syncer(const Syncer&) = delete;
  Syncer& operator=(const Syncer&) = delete;

  const std::string& identity() const;
  /// Where other syncers reach the objects hosted here, `ws://127.0.0.1:PORT`; empty when not
  /// listening.
  std::string address() const;
  bool connected() const;

  /// Creates an object owned by this identity. Errors: kConflict (exists), kMalformed (also a
  /// schema that is none), kSchema (it would not begin as its schema says), kDenied. With `data`
  /// and no hub in reach the object begins here and goes up later; if there is another one at its
  /// URL by then, on_conflict decides.
  Pending<DataObject> create(const std::string& url, const Value& initial = Value::object(),
                             CreateOptions options = {});
  /// Gets a live copy; at once, as it was last seen, where `data` has it. Errors: kNotFound,
  /// kDenied, kGone.
  Pending<DataObject> subscribe(const std::string& url);
  /// Ends the copy here.
  Pending<Unit> unsubscribe(const std::string& url);
  /// Deletes the object everywhere.
  Pending<Unit> remove(const std::string& url);
  /// Lets an identity read a private object, and tells it.
  Pending<Unit> invite(const std::string& url, const std::string& identity);
  /// Gives an object another rule set: "owner", "open", "private", or rules (docs/ACCESS.md).
  /// `if_epoch`: only while the object has that epoch; 0: whatever it has. Errors: kDenied,
  /// kMalformed, kConflict ("epoch").
  Pending<Unit> set_access(const std::string& url, Value access, std::uint64_t if_epoch = 0);
  /// Waits until every local change made so far, objects created offline among them, is
  /// acknowledged (durable, where the object is).
  Pending<Unit> flush();
  /// Waits until every local change made so far is in `data` and survives kill -9 and power loss.
  /// Errors: kInternal "storage" (it goes on trying).
  Pending<Unit> save();
  /// The objects followed here, sorted by URL; with `data` also those of earlier runs.
  Pending<std::vector<std::string>> objects();

  /// Local edits that wait for a decision: refused ones, and objects that stopped syncing.
  std::vector<Parked> parked() const;
  /// Makes a parked edit anew on the object as it is now; an object that stopped syncing goes on,
  /// and on_conflict is asked again. Errors: kNotFound (no longer parked; the object is not
  /// subscribed), and what keeps the edit from being made.
  Pending<Unit> resume(const Parked& parked);
  /// Forgets a parked edit; an object that stopped syncing goes on without its local edits.
  Pending<Unit> drop(const Parked& parked);

  /// Calls `callback` for each invitation that arrives.
  Handle on_invitation(std::function<void(const InvitationNotice&)> callback);
  /// Calls `callback` for a local write that the room refused; the object was rebuilt without it.
  /// With `data` the edit is parked.
  Handle on_refused(std::function<void(const std::string& url, const Error& error)> callback);

  /// Calls `callback` for a change by others that does not keep to the object's schema. It stands:
  /// the room decides, and local edits that it does not know yet may be part of the matter.
  Handle on_violation(std::function<void(const std::string& url, const Error& error)> callback);

  /// Runs what is due, in poll mode: timers, arrived messages, observers.
  void poll();

 private:
  friend void trace_messages(Syncer& syncer,
                             std::function<void(bool, std::string_view, const std::string&)> trace);
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace syncline
