#include "adapters/sqlite/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace syncline::adapters {

Result<FileLock> FileLock::acquire(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0)
    return Error(Code::kInternal, "not_writable",
                 "storage: cannot write " + path + ": " + std::strerror(errno) +
                     "; choose another place, or give this user the right to write there");
  FileLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> holder{};
    if (::pread(descriptor, holder.data(), holder.size() - 1, 0) <= 0) holder[0] = '?';
    const std::string pid(holder.data(), std::strcspn(holder.data(), "\n"));
    return Error(Code::kConflict, "in_use",
                 "storage: " + path + " says that the data is in use by PID " + pid +
                     "; stop that process, or choose another place");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, pid.data(), pid.size(), 0) < 0)
    return Error(Code::kInternal, "not_writable",
                 "storage: cannot write " + path + ": " + std::strerror(errno));
  return lock;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace syncline::adapters
