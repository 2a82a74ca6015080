// SPDX-License-Identifier: BSD-3-Clause
//
// Preloaded into the daemon: while the file that FAILING_DISK_IF names is there, writes to and
// syncs of files under FAILING_DISK_UNDER fail with EIO, as those of a broken disk do. Where it
// holds a number they take so many milliseconds instead, as those of a slow one do.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>

namespace {

/// What the condition's file holds; 0: nothing, so that the disk fails.
unsigned delay_ms(const char* condition) {
  std::array<char, 16> text{};
  const int file = ::open(condition, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t size = ::read(file, text.data(), text.size() - 1);
  ::close(file);
  return size > 0 ? static_cast<unsigned>(std::strtoul(text.data(), nullptr, 10)) : 0;
}

bool fails(int fd) {
  const char* const under = std::getenv("FAILING_DISK_UNDER");
  const char* const condition = std::getenv("FAILING_DISK_IF");
  if (under == nullptr || condition == nullptr || ::access(condition, F_OK) != 0) return false;
  std::array<char, 64> link{};
  std::array<char, 4096> path{};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
  const ssize_t size = ::readlink(link.data(), path.data(), path.size());
  if (size <= 0 ||
      !std::string_view{path.data(), static_cast<std::size_t>(size)}.starts_with(under))
    return false;
  if (const unsigned delay = delay_ms(condition); delay > 0) {
    constexpr unsigned kMs = 1000;
    const timespec wait{delay / kMs, static_cast<long>(delay % kMs) * 1'000'000};
    ::nanosleep(&wait, nullptr);
    return false;
  }
  errno = EIO;
  return true;
}

template <typename Call>
Call* next(const char* name) {
  return reinterpret_cast<Call*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

// As SQLite calls them, whose files are large ones.
ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t at) {
  static auto* const call = next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  return fails(fd) ? -1 : call(fd, bytes, count, at);
}
int fsync(int fd) {
  static auto* const call = next<int(int)>("fsync");
  return fails(fd) ? -1 : call(fd);
}
int fdatasync(int fd) {
  static auto* const call = next<int(int)>("fdatasync");
  return fails(fd) ? -1 : call(fd);
}
int ftruncate64(int fd, off64_t size) noexcept {
  static auto* const call = next<int(int, off64_t)>("ftruncate64");
  return fails(fd) ? -1 : call(fd, size);
}

}  // extern "C"
