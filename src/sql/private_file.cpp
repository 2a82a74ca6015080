// SPDX-License-Identifier: BSD-3-Clause
#include "sql/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>

namespace gate511::sql {
namespace {

/// False: others have rights to it, and keep them.
bool close_to_others(const std::string& path, int flags) {
  constexpr mode_t kOwners = S_IRUSR | S_IWUSR, kOthers = S_IRWXG | S_IRWXO;
  const int file = ::open(path.c_str(), flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, kOwners);
  if (file < 0) return true;
  struct stat status {};
  const bool is_open =
      ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & kOthers) != 0;
  const bool is_closed = !is_open || ::fchmod(file, kOwners) == 0;
  ::close(file);
  return is_closed;
}

}  // namespace

void make_private(const std::string& path) {
  if (!close_to_others(path, O_CREAT) || !close_to_others(path + "-wal", 0))
    throw std::runtime_error{"is open to other users; close it: chmod 0600 " + path + "*"};
}

}  // namespace gate511::sql
