// SPDX-License-Identifier: BSD-3-Clause
#include "radius/accounting/spool_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>

namespace gate511::radius {

tl::expected<SpoolLock, std::string> SpoolLock::take(const std::string& path) {
  const std::string lock = path + ".lock";
  FileDescriptor file{::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file) return tl::unexpected{std::string{std::strerror(errno)}};
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return SpoolLock{std::move(file)};
  if (errno == EWOULDBLOCK) return tl::unexpected{std::string{"another gate511-radius has it"}};
  return tl::unexpected{std::string{std::strerror(errno)}};
}

}  // namespace gate511::radius
