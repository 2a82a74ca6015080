// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/huge_files.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

namespace gate511::dataplane {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBehindId = "map_";

/// Of `gate511-4711map_0`; 0: another's name.
pid_t owner_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return 0;
  name.remove_prefix(prefix.size());
  pid_t pid = 0;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), pid);
  const std::string_view rest{end, static_cast<std::size_t>(name.data() + name.size() - end)};
  return failed == std::errc{} && pid > 0 && rest.starts_with(kBehindId) ? pid : 0;
}

/// By a process of another PID namespace, say: EAL locks what it uses.
bool is_in_use(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return true;
  const bool is_free = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
  ::close(fd);
  return !is_free;
}

void remove_ended(const fs::path& folder, std::string_view prefix) {
  std::vector<fs::path> ended;
  std::error_code failed;
  for (fs::directory_iterator entry{folder, failed}, end; !failed && entry != end;
       entry.increment(failed)) {
    const pid_t pid = owner_of(entry->path().filename().string(), prefix);
    if (pid != 0 && ::kill(pid, 0) != 0 && errno == ESRCH) ended.push_back(entry->path());
  }
  for (const fs::path& file : ended) {
    if (!is_in_use(file)) fs::remove(file, failed);
  }
}

}  // namespace

std::vector<std::string> hugetlbfs_mounts() {
  std::vector<std::string> mounts;
  const std::unique_ptr<FILE, int (*)(FILE*)> table{::setmntent("/proc/self/mounts", "re"),
                                                    ::endmntent};
  if (!table) return mounts;
  mntent one{};
  std::string text(8192, '\0');
  while (::getmntent_r(table.get(), &one, text.data(), static_cast<int>(text.size())) != nullptr) {
    if (std::string_view{one.mnt_type} == "hugetlbfs") mounts.emplace_back(one.mnt_dir);
  }
  return mounts;
}

void remove_huge_files_of_ended(std::string_view prefix) {
  for (const std::string& mount : hugetlbfs_mounts()) remove_ended(mount, prefix);
}

HugeFiles HugeFiles::of_this_process(std::string_view prefix) {
  HugeFiles found;
  for (const std::string& mount : hugetlbfs_mounts()) {
    std::error_code failed;
    for (fs::directory_iterator entry{mount, failed}, end; !failed && entry != end;
         entry.increment(failed)) {
      if (owner_of(entry->path().filename().string(), prefix) == ::getpid())
        found.paths_.push_back(entry->path().string());
    }
  }
  // Not by /proc/self/fd, which is root's alone in a process that has given root up.
  const auto limit = static_cast<int>(::sysconf(_SC_OPEN_MAX));
  for (int fd = 0; fd < limit; ++fd) {
    struct statfs of {};
    if (::fstatfs(fd, &of) != 0 || of.f_type != HUGETLBFS_MAGIC) continue;
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, limit / 2);
    if (copy >= 0) found.fds_.push_back(copy);
  }
  return found;
}

HugeFiles::~HugeFiles() {
  for (const int fd : fds_) ::close(fd);
}

void HugeFiles::give_back() {
  for (const std::string& path : paths_) ::unlink(path.c_str());
  for (const int fd : fds_) static_cast<void>(::ftruncate(fd, 0));
}

}  // namespace gate511::dataplane
