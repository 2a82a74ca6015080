// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/runtime_folders.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>
#include <vector>

namespace gate511::dataplane {
namespace {

namespace fs = std::filesystem;

bool is_ended(std::string_view id) {
  pid_t pid = 0;
  const auto [end, failed] = std::from_chars(id.data(), id.data() + id.size(), pid);
  if (failed != std::errc{} || end != id.data() + id.size() || pid <= 0) return false;
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

/// By a process of another PID namespace, say, which is not seen by its number.
bool is_locked(const fs::path& folder) {
  const int fd = ::open((folder / "config").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return errno != ENOENT;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool is_known = ::fcntl(fd, F_GETLK, &lock) == 0;
  ::close(fd);
  return !is_known || lock.l_type != F_UNLCK;
}

}  // namespace

void remove_runtime_folders_of_ended(const fs::path& parent, std::string_view prefix) {
  std::vector<fs::path> ended;
  std::error_code failed;
  for (fs::directory_iterator entry{parent, failed}, end; !failed && entry != end;
       entry.increment(failed)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(prefix) && is_ended(std::string_view{name}.substr(prefix.size())))
      ended.push_back(entry->path());
  }
  for (const fs::path& folder : ended) {
    if (!is_locked(folder)) fs::remove_all(folder, failed);
  }
}

}  // namespace gate511::dataplane
