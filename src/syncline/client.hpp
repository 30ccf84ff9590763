// Client: a syncer for commands: it asks a hub, waits for the answer, and fails at once where there
// is no hub.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sync/syncer.hpp"
#include "syncline/runtime.hpp"
#include "syncline/syncer.hpp"

namespace syncline {

struct ClientOptions {
  /// `hyperty://domain/name`
  std::string identity;
  /// `ws://host:port`
  std::string hub;
  std::string token = {};
  sync::SyncerHooks hooks = {};
};

/// Every call blocks until the hub answered, and throws the Error it failed with: kUnavailable
/// where the hub cannot be reached, else as syncline::Syncer. Thread: any; one call at a time.
class Client {
 public:
  /// Throws kMalformed for an identity or URL that is not one. Does not wait for the connection.
  explicit Client(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  DataObject create(const std::string& url, const Value& initial,
                    const CreateOptions& options = {});
  /// As create, from a document (update v1).
  DataObject create_from(const std::string& url, Bytes state, const CreateOptions& options = {});
  /// A live copy, for `watch`.
  DataObject subscribe(const std::string& url);
  void remove(const std::string& url);
  void invite(const std::string& url, const std::string& identity);

  Value read(const std::string& url, const sync::Place& place = {});
  Value describe(const std::string& url);
  /// All objects that match, however many answers that takes.
  std::vector<bus::Entry> list(const std::string& glob);
  void edit(const std::string& url, const sync::Place& place, std::vector<bus::EditOp> ops);
  /// The whole object as update v1.
  Bytes fetch(const std::string& url);
  /// Merges a document (update v1) into an existing object; returns when it is stored. Throws what
  /// the room refused it with.
  void import(const std::string& url, Bytes update);
  /// Waits until what was written to subscribed objects is acknowledged.
  void flush();

  const std::shared_ptr<Runtime>& runtime() const { return runtime_; }

 private:
  std::shared_ptr<Runtime> runtime_;
  std::unique_ptr<transport::Connector> connector_;
  /// The last write that was refused, for import.
  std::shared_ptr<std::unique_ptr<Error>> refused_;
  std::unique_ptr<sync::Syncer> syncer_;
};

}  // namespace syncline
