#include "sync/replica_store.hpp"

#include <utility>

#include "encoding/lib0.hpp"
#include "sync/tuning.hpp"

namespace syncline::sync {
namespace {

/// Names the record that says whose the storage is. No object has it: their URLs have an authority.
constexpr const char* kOwnerRecord = "syncline:replicas";
constexpr std::uint64_t kFormat = 1;

Bytes encode_owner(const std::string& identity) {
  encoding::Writer writer;
  writer.var_uint(kFormat);
  writer.var_string(identity);
  return writer.take();
}

Result<std::string> decode_owner(ByteView bytes) {
  encoding::Reader reader(bytes);
  const std::uint64_t format = reader.var_uint();
  std::string identity(reader.var_string());
  if (!reader.failed() && format > kFormat)
    return Error(Code::kUnavailable,
                 "the data was written by a newer version of Syncline: run that version");
  if (reader.failed() || !reader.at_end())
    return Error(Code::kInternal, "storage", "the data does not say whose it is: it is damaged");
  return identity;
}

std::size_t bytes_of(const storage::Stored& stored) {
  std::size_t bytes = stored.snapshot.size();
  for (const storage::Record& record : stored.tail) bytes += record.bytes.size();
  return bytes;
}

}  // namespace

void read_identity(storage::Storage& storage,
                   std::function<void(Result<std::optional<std::string>>)> done) {
  storage.load(kOwnerRecord, [&storage, done = std::move(done)](
                                 Result<std::optional<storage::Stored>> stored) {
    if (!stored.ok()) return done(stored.error());
    if (stored->has_value()) {
      Result<std::string> identity = decode_owner((*stored)->head);
      if (!identity.ok()) return done(identity.error());
      return done(std::optional(std::move(*identity)));
    }
    storage.list("", "", 1, [done](const Result<std::vector<storage::ListEntry>>& entries) {
      if (!entries.ok()) return done(entries.error());
      if (entries->empty()) return done(std::optional<std::string>());
      done(Error(Code::kConflict, "other_use",
                 "the data holds the objects of a host (a hub, or a syncer without one): it cannot "
                 "be a syncer's local copy as well; choose another file"));
    });
  });
}

void ReplicaStore::open(std::string identity, std::function<void(Result<Objects>)> done) {
  auto opening = std::make_shared<Opening>();
  opening->done = std::move(done);
  read_identity(ports_.storage, [this, weak = std::weak_ptr(alive_), identity,
                                 opening](Result<std::optional<std::string>> found) {
    if (weak.expired()) return;
    if (!found.ok()) return opening->done(found.error());
    if (!*found) return claim(identity, opening);
    if (**found != identity)
      return opening->done(Error(Code::kConflict, "other_identity",
                                 "the data belongs to " + **found + ", not to " + identity +
                                     ": what it holds was written in that name"));
    list_next(opening);
  });
}

void ReplicaStore::claim(const std::string& identity, std::shared_ptr<Opening> opening) {
  const storage::Record owner{.object = kOwnerRecord,
                              .seq = 0,
                              .kind = storage::RecordKind::kHead,
                              .author = {},
                              .time_ms = ports_.clock.wall_ms(),
                              .bytes = encode_owner(identity)};
  ports_.storage.append(
      {&owner, 1}, [weak = std::weak_ptr(alive_), opening](const Result<storage::Ticket>& claimed) {
        if (weak.expired()) return;
        if (!claimed.ok()) return opening->done(claimed.error());
        opening->done(Objects());
      });
}

void ReplicaStore::list_next(std::shared_ptr<Opening> opening) {
  ports_.storage.list("", opening->after, tuning::kStoredListed,
                      [this, weak = std::weak_ptr(alive_),
                       opening](const Result<std::vector<storage::ListEntry>>& entries) {
                        if (weak.expired()) return;
                        if (!entries.ok()) return opening->done(entries.error());
                        if (entries->empty()) return opening->done(std::move(opening->objects));
                        std::vector<std::string> urls;
                        for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry)
                          if (entry->object != kOwnerRecord) urls.push_back(entry->object);
                        opening->after = entries->back().object;
                        load_next(opening, std::move(urls));
                      });
}

/// Loads the last of `urls`, then the rest.
void ReplicaStore::load_next(std::shared_ptr<Opening> opening, std::vector<std::string> urls) {
  if (urls.empty()) return list_next(opening);
  std::string url = std::move(urls.back());
  urls.pop_back();
  ports_.storage.load(url, [this, weak = std::weak_ptr(alive_), opening, url,
                            urls](Result<std::optional<storage::Stored>> stored) {
    if (weak.expired()) return;
    Result<Kept> kept = stored.ok() ? read_kept(**stored) : Result<Kept>(stored.error());
    if (!kept.ok())
      return opening->done(Error(kept.error().code(), std::string(kept.error().reason()),
                                 url + ": " + kept.error().message()));
    journals_[url] = std::make_shared<Journal>(ports_, url, *kept, bytes_of(**stored));
    opening->objects.emplace_back(url, std::move(*kept));
    load_next(opening, urls);
  });
}

std::shared_ptr<Journal> ReplicaStore::journal(const std::string& url) {
  std::shared_ptr<Journal>& journal = journals_[url];
  if (!journal) journal = std::make_shared<Journal>(ports_, url);
  return journal;
}

void ReplicaStore::saved(std::function<void(Result<void>)> done) {
  // Counts the journals that are not done; the last one to go calls back.
  const auto failure = std::make_shared<std::optional<Error>>();
  const std::shared_ptr<void> barrier(
      nullptr, [failure, done = std::move(done), weak = std::weak_ptr(alive_),
                &executor = ports_.executor](void*) {
        executor.post([failure, done, weak] {
          if (!weak.expired()) done(*failure ? Result<void>(**failure) : Result<void>());
        });
      });
  for (const auto& [url, journal] : journals_)
    journal->saved([failure, barrier](const Result<void>& saved) {
      if (!saved.ok()) *failure = saved.error();
    });
}

}  // namespace syncline::sync
