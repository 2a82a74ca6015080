// SPDX-License-Identifier: BSD-3-Clause
#include "support/forgetful_disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <thread>
#include <utility>

namespace gate511::test {
namespace {

constexpr std::size_t kSector = 512;

ForgetfulDisk* disk = nullptr;
sqlite3_vfs* usual = nullptr;

/// SQLite's handle: what it knows, then ours.
struct Handle {
  sqlite3_file base;
  std::shared_ptr<ForgetfulDisk::File>* file;
};

ForgetfulDisk::File& file_of(sqlite3_file* handle) {
  return **reinterpret_cast<Handle*>(handle)->file;
}

void put(std::string& bytes, const ForgetfulDisk::File::Write& write) {
  if (write.is_end) return bytes.resize(write.at);
  if (bytes.size() < write.at + write.bytes.size()) bytes.resize(write.at + write.bytes.size());
  bytes.replace(write.at, write.bytes.size(), write.bytes);
}

int close_file(sqlite3_file* handle) {
  delete reinterpret_cast<Handle*>(handle)->file;
  return SQLITE_OK;
}

int read_file(sqlite3_file* handle, void* out, int count, sqlite3_int64 at) {
  const std::string& bytes = file_of(handle).now;
  const auto wanted = static_cast<std::size_t>(count);
  const auto from = std::min(static_cast<std::size_t>(at), bytes.size());
  const std::size_t there = std::min(wanted, bytes.size() - from);
  std::memcpy(out, bytes.data() + from, there);
  std::memset(static_cast<char*>(out) + there, 0, wanted - there);
  return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* handle, const void* from, int count, sqlite3_int64 at) {
  if (!disk->operate()) return SQLITE_IOERR_WRITE;
  ForgetfulDisk::File& file = file_of(handle);
  const auto end = static_cast<std::size_t>(at) + static_cast<std::size_t>(count);
  if (disk->is_full && end > file.now.size()) return SQLITE_FULL;
  file.since.push_back({static_cast<std::uint64_t>(at),
                        {static_cast<const char*>(from), static_cast<std::size_t>(count)},
                        false});
  put(file.now, file.since.back());
  return SQLITE_OK;
}

int cut_file(sqlite3_file* handle, sqlite3_int64 size) {
  if (!disk->operate()) return SQLITE_IOERR_TRUNCATE;
  ForgetfulDisk::File& file = file_of(handle);
  file.since.push_back({static_cast<std::uint64_t>(size), {}, true});
  put(file.now, file.since.back());
  return SQLITE_OK;
}

int sync_file(sqlite3_file* handle, int /*flags*/) {
  while (disk->hangs) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  if (!disk->operate() || disk->fails_to_sync) return SQLITE_IOERR_FSYNC;
  ForgetfulDisk::File& file = file_of(handle);
  file.synced = file.now;
  file.since.clear();
  file.was_synced = true;
  return SQLITE_OK;
}

int size_of_file(sqlite3_file* handle, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(file_of(handle).now.size());
  return SQLITE_OK;
}

int lock_file(sqlite3_file* /*handle*/, int /*level*/) {
  return SQLITE_OK;
}

int is_locked(sqlite3_file* /*handle*/, int* locked) {
  *locked = 0;
  return SQLITE_OK;
}

int control_file(sqlite3_file* /*handle*/, int /*operation*/, void* /*argument*/) {
  return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file* /*handle*/) {
  return kSector;
}

int characteristics(sqlite3_file* /*handle*/) {
  return 0;  // none of the favours that a disk may do
}

constexpr sqlite3_io_methods kMethods{
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = cut_file,
    .xSync = sync_file,
    .xFileSize = size_of_file,
    .xLock = lock_file,
    .xUnlock = lock_file,
    .xCheckReservedLock = is_locked,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open_file(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* handle, int flags, int* out) {
  auto& slot = disk->files[name != nullptr ? name : "temporary"];
  if (!slot) slot = std::make_shared<ForgetfulDisk::File>();
  auto* const made = new (handle) Handle{{&kMethods}, nullptr};
  made->file = new std::shared_ptr<ForgetfulDisk::File>{slot};
  if (out != nullptr) *out = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* /*vfs*/, const char* name, int /*sync*/) {
  if (!disk->operate()) return SQLITE_IOERR_DELETE;
  return disk->files.erase(name) > 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

int is_there(sqlite3_vfs* /*vfs*/, const char* name, int /*flags*/, int* there) {
  const auto found = disk->files.find(name);
  *there = found != disk->files.end() && !found->second->now.empty() ? 1 : 0;
  return SQLITE_OK;
}

int full_name(sqlite3_vfs* /*vfs*/, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}

sqlite3_vfs vfs{};

}  // namespace

ForgetfulDisk* ForgetfulDisk::current() {
  return disk;
}

ForgetfulDisk::ForgetfulDisk() {
  sqlite3_initialize();
  usual = sqlite3_vfs_find(nullptr);
  vfs = *usual;
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(Handle);
  vfs.zName = "forgetful";
  vfs.pNext = nullptr;
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  vfs.xAccess = is_there;
  vfs.xFullPathname = full_name;
  disk = this;
  sqlite3_vfs_register(&vfs, 1);
}

ForgetfulDisk::~ForgetfulDisk() {
  sqlite3_vfs_unregister(&vfs);
  sqlite3_vfs_register(usual, 1);
  disk = nullptr;
}

bool ForgetfulDisk::operate() {
  if (left_ == 0) return false;
  --left_;
  return left_ > 0;
}

void ForgetfulDisk::lose_power(std::mt19937_64& random) {
  left_ = ~std::uint64_t{0};
  for (auto at = files.begin(); at != files.end();) {
    File& file = *at->second;
    std::string left = file.synced;
    for (File::Write& write : file.since) {
      switch (random() % 3) {
        case 0:
          continue;
        case 1:
          if (!write.is_end && write.bytes.size() > kSector)
            write.bytes.resize(random() % (write.bytes.size() / kSector) * kSector);
          break;
        default:
          break;
      }
      put(left, write);
    }
    file = {.synced = left, .now = left, .since = {}, .was_synced = file.was_synced};
    at = !file.was_synced && random() % 2 == 0 ? files.erase(at) : std::next(at);
  }
}

}  // namespace gate511::test
