#include "unit/adapters/faulty_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>

namespace syncline::test {
namespace {

constexpr std::size_t kSector = 512;

/// What SQLite sees; the system's file follows it in the same block of memory.
struct File {
  sqlite3_file base;
  FaultyVfs* vfs;
  char* path;  // owned by SQLite for as long as the file is open; null: not recorded

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File* file_of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }

const sqlite3_io_methods& real_methods(sqlite3_file* file) {
  return *file_of(file)->real()->pMethods;
}

int close(sqlite3_file* file) {
  std::free(file_of(file)->path);
  return real_methods(file).xClose(file_of(file)->real());
}

int read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
  return real_methods(file).xRead(file_of(file)->real(), to, size, offset);
}

int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  File* self = file_of(file);
  if (self->vfs->full) return SQLITE_FULL;
  const int code = real_methods(file).xWrite(self->real(), from, size, offset);
  if (code == SQLITE_OK && self->path != nullptr)
    self->vfs->wrote(
        self->path,
        {offset, std::string(static_cast<const char*>(from), static_cast<std::size_t>(size)),
         false});
  return code;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  File* self = file_of(file);
  const int code = real_methods(file).xTruncate(self->real(), size);
  if (code == SQLITE_OK && self->path != nullptr) self->vfs->wrote(self->path, {size, "", true});
  return code;
}

int sync(sqlite3_file* file, int flags) {
  File* self = file_of(file);
  if (self->vfs->sync_fails) return SQLITE_IOERR_FSYNC;
  const int code = real_methods(file).xSync(self->real(), flags);
  if (code == SQLITE_OK && self->path != nullptr) self->vfs->synced(self->path);
  return code;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real_methods(file).xFileSize(file_of(file)->real(), size);
}
int lock(sqlite3_file* file, int level) {
  return real_methods(file).xLock(file_of(file)->real(), level);
}
int unlock(sqlite3_file* file, int level) {
  return real_methods(file).xUnlock(file_of(file)->real(), level);
}
int check_lock(sqlite3_file* file, int* reserved) {
  return real_methods(file).xCheckReservedLock(file_of(file)->real(), reserved);
}
int file_control(sqlite3_file* file, int operation, void* argument) {
  return real_methods(file).xFileControl(file_of(file)->real(), operation, argument);
}
int sector_size(sqlite3_file* file) {
  return real_methods(file).xSectorSize(file_of(file)->real());
}
int characteristics(sqlite3_file*) { return 0; }  // nothing is atomic, nothing is safe
int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
  return real_methods(file).xShmMap(file_of(file)->real(), page, size, extend, memory);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  return real_methods(file).xShmLock(file_of(file)->real(), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) { real_methods(file).xShmBarrier(file_of(file)->real()); }
int shm_unmap(sqlite3_file* file, int erase) {
  return real_methods(file).xShmUnmap(file_of(file)->real(), erase);
}

// Version 2: with shared memory for WAL, without memory-mapped pages, which would bypass us.
const sqlite3_io_methods kMethods{2,
                                  close,
                                  read,
                                  write,
                                  truncate,
                                  sync,
                                  file_size,
                                  lock,
                                  unlock,
                                  check_lock,
                                  file_control,
                                  sector_size,
                                  characteristics,
                                  shm_map,
                                  shm_lock,
                                  shm_barrier,
                                  shm_unmap,
                                  nullptr,
                                  nullptr};

FaultyVfs& owner_of(sqlite3_vfs* vfs) { return *static_cast<FaultyVfs*>(vfs->pAppData); }
sqlite3_vfs* system_vfs() {
  static sqlite3_vfs* const vfs = sqlite3_vfs_find("unix");
  return vfs;
}

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  File* self = new (file) File{};
  const int code = system_vfs()->xOpen(system_vfs(), path, self->real(), flags, out_flags);
  if (code != SQLITE_OK) return code;
  self->base.pMethods = &kMethods;
  self->vfs = &owner_of(vfs);
  self->path = path == nullptr ? nullptr : ::strdup(path);
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  const int code = system_vfs()->xDelete(system_vfs(), path, sync_directory);
  if (code == SQLITE_OK) owner_of(vfs).deleted(path);
  return code;
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

struct FaultyVfs::Registration {
  sqlite3_vfs vfs;
};

FaultyVfs::FaultyVfs() : registration_(new Registration{*system_vfs()}) {
  static std::atomic<int> made{0};
  name_ = "faulty" + std::to_string(++made);
  sqlite3_vfs& vfs = registration_->vfs;
  vfs.pNext = nullptr;
  vfs.zName = name_.c_str();
  vfs.pAppData = this;
  vfs.szOsFile = static_cast<int>(sizeof(File)) + system_vfs()->szOsFile;
  vfs.xOpen = open;
  vfs.xDelete = remove;
  sqlite3_vfs_register(&vfs, 0);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&registration_->vfs);
  delete registration_;
}

void FaultyVfs::wrote(const std::string& path, Write write) {
  const std::lock_guard lock(mutex_);
  images_[path].since.push_back(std::move(write));
}

void FaultyVfs::synced(const std::string& path) {
  const std::lock_guard lock(mutex_);
  Image& image = images_[path];
  image.synced = content_of(path);
  image.since.clear();
  ++syncs;
}

void FaultyVfs::deleted(const std::string& path) {
  const std::lock_guard lock(mutex_);
  images_.erase(path);
}

void FaultyVfs::lose_power(const std::string& from, const std::string& to, std::mt19937& random) {
  const std::lock_guard lock(mutex_);
  std::filesystem::create_directories(to);
  for (const auto& [path, image] : images_) {
    if (!path.starts_with(from + "/")) continue;
    std::string content = image.synced;
    for (const Write& write : image.since) {
      const auto offset = static_cast<std::size_t>(write.offset);
      if (write.truncates) {
        if (random() % 2 == 0) content.resize(offset);
        continue;
      }
      for (std::size_t at = 0; at < write.bytes.size(); at += kSector) {
        if (random() % 2 == 0) continue;
        const std::string_view sector = std::string_view(write.bytes).substr(at, kSector);
        content.resize(std::max(content.size(), offset + at + sector.size()));
        content.replace(offset + at, sector.size(), sector);
      }
    }
    std::ofstream(to + path.substr(from.size()), std::ios::binary) << content;
  }
}

}  // namespace syncline::test
