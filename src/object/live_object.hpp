// LiveObject: what all handles to one data object share: the document, its observers, and the hooks
// of the syncer that keeps it in step with the others. It knows nothing of networks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/executor.hpp"
#include "crdt/doc.hpp"
#include "syncline/changes.hpp"

namespace syncline {
class Node;
class LiveText;
class DataObject;
}  // namespace syncline

namespace syncline::object {

/// The root map that holds a data object's tree.
inline constexpr const char* kDataRoot = "data";

/// One author's update out of a remote batch. `by` is empty where nobody can tell.
struct RemotePart {
  std::string by;
  ByteView update;
};

/// What a LiveObject asks of and tells to its syncer. Thread: under the object's executor.
class LiveObjectEvents {
 public:
  virtual ~LiveObjectEvents() = default;
  /// Before a local change: an error is thrown at the line that tried it, and nothing changed.
  virtual Result<void> may_write() = 0;
  /// After a local transaction that changed something: its v1 update, to be queued and sent.
  virtual void on_local_update(SharedBytes update) = 0;
  /// Local updates handed out and not yet acknowledged.
  virtual std::size_t unacknowledged() const = 0;
  virtual std::string owner() const = 0;
};

/// Identity; held by shared_ptr from handles and from its syncer. Thread: its executor; handles
/// enter it.
class LiveObject : public std::enable_shared_from_this<LiveObject> {
 public:
  /// `identity`: who writes here (`by` of local changes). `executor` and `events` may be null: a
  /// local object.
  LiveObject(std::string url, std::string identity, std::unique_ptr<crdt::Doc> doc,
             Executor* executor, LiveObjectEvents* events);
  ~LiveObject();

  const std::string& url() const;
  crdt::Doc& doc();
  /// The syncer went away, or took the object over: local changes are refused with kUnavailable
  /// when null and not local.
  void set_events(LiveObjectEvents* events);

  /// Applies a remote batch; observers hear of it once, as its net change, with the author of each
  /// change. On error (kMalformed) what came before the bad part stands. True in the result:
  /// something is still pending (a gap).
  Result<bool> apply_remote(std::span<const RemotePart> parts);

  /// Puts another document in place (a rebuild, a new incarnation). Observers get the difference
  /// between the trees as records with `cause`. Handles go on working: they are paths.
  void replace(std::unique_ptr<crdt::Doc> doc, const std::string& cause);

  /// Registers for change records (DataObject::observe).
  Handle observe(std::function<void(const Changes&)> observer);

  /// Enters the executor, if there is one.
  Executor::Guard enter() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
  friend class ::syncline::Node;
  friend class ::syncline::LiveText;
  friend class ::syncline::DataObject;
};

}  // namespace syncline::object
