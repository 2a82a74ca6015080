// SPDX-License-Identifier: BSD-3-Clause
#include "radius/accounting/spool_lock.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

namespace gate511::radius {

tl::expected<SpoolLock, std::string> SpoolLock::take(const std::string& path) {
  const std::string lock = path + ".lock";
  FileDescriptor file{::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file) return tl::unexpected{std::string{std::strerror(errno)}};
  // Of this opening, not of the process, and by a call that the unit allows, since SQLite needs it.
  struct flock whole {};
  whole.l_type = F_WRLCK;
  if (::fcntl(file.get(), F_OFD_SETLK, &whole) == 0) return SpoolLock{std::move(file)};
  if (errno == EAGAIN || errno == EACCES)
    return tl::unexpected{std::string{"another gate511-radius has it"}};
  return tl::unexpected{std::string{std::strerror(errno)}};
}

}  // namespace gate511::radius
