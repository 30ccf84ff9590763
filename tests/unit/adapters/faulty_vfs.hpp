// A disk for SQLite that fails and loses power as a test says: a VFS that passes everything on to
// the system's and remembers what was synced.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace syncline::test {

/// Registered under name() while it lives. Thread: any.
class FaultyVfs {
 public:
  FaultyVfs();
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  const std::string& name() const { return name_; }

  std::atomic<bool> full{false};        ///< writes say that there is no space left
  std::atomic<bool> sync_fails{false};  ///< syncs say that they failed
  std::atomic<std::uint64_t> syncs{0};  ///< successful ones so far

  /// What a power loss at this moment may leave of the files below `from`, written to `to`: all
  /// that was synced, and of what was written since any part, in pieces of a sector, by chance.
  void lose_power(const std::string& from, const std::string& to, std::mt19937& random);

  // What the files of the VFS call.
  struct Write {
    std::int64_t offset;
    std::string bytes;  ///< of a write
    bool truncates;     ///< the file now ends at `offset`
  };
  void wrote(const std::string& path, Write write);
  void synced(const std::string& path);
  void deleted(const std::string& path);

 private:
  struct Image {
    std::string synced;
    std::vector<Write> since;
  };

  std::string name_;
  std::mutex mutex_;
  std::map<std::string, Image> images_;
  struct Registration;
  Registration* registration_;
};

}  // namespace syncline::test
