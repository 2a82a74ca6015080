// SPDX-License-Identifier: BSD-3-Clause
#include "control/listener.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

namespace gate511::control {
namespace {

constexpr int kBacklog = 64;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  return address;
}

const sockaddr* as_sockaddr(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

tl::unexpected<Error> cannot(const std::string& path, std::string_view step, std::string hint) {
  return tl::unexpected{
      Error{path, fmt::format("{}: {}", step, std::strerror(errno)), std::move(hint)}};
}

std::string name_of(uid_t user) {
  const ::passwd* const entry = ::getpwuid(user);
  return entry == nullptr ? fmt::format("user {}", user) : entry->pw_name;
}

/// Clears the path of the socket of a process that is gone.
tl::expected<void, Error> clear_path(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return cannot(path, "cannot be looked at", "set control.socket to a path that can be used");
  }
  if (!S_ISSOCK(status.st_mode)) {
    return tl::unexpected{Error{path, "is there already and is no socket",
                                "move it away, or set control.socket to another path"}};
  }
  const Fd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  const sockaddr_un address = address_of(path);
  // EAGAIN: someone listens, but has not come round to accept.
  if (::connect(probe.get(), as_sockaddr(address), sizeof address) == 0 || errno == EAGAIN) {
    return tl::unexpected{Error{path, "another gate511 is running and listens there",
                                "stop it, or set control.socket to another path"}};
  }
  if (errno == EACCES) {
    return tl::unexpected{
        Error{path,
              fmt::format("is a socket of {}, which this user may not ask whether a gate511 "
                          "still listens there",
                          name_of(status.st_uid)),
              fmt::format("see that none runs as {}, and: rm {}", name_of(status.st_uid), path)}};
  }
  if (errno != ECONNREFUSED)
    return cannot(path, "cannot be probed", fmt::format("if no gate511 runs: rm {}", path));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return cannot(path, "the stale socket cannot be removed", "remove it");
  return {};
}

tl::expected<void, Error> give_to_group(const std::string& path, const std::string& group) {
  if (group.empty()) return {};
  errno = 0;
  const ::group* entry = ::getgrnam(group.c_str());
  if (entry == nullptr) {
    return tl::unexpected{
        Error{path, fmt::format("there is no group {}", group),
              fmt::format("make it: groupadd --system {}; or set control.group = \"\"", group)}};
  }
  if (::chown(path.c_str(), static_cast<uid_t>(-1), entry->gr_gid) != 0) {
    return cannot(path, fmt::format("cannot be given to group {}", group),
                  "run as root or as a member of it, or set control.group = \"\"");
  }
  return {};
}

}  // namespace

tl::expected<Listener, Error> open_listener(const std::string& path, unsigned mode,
                                            const std::string& group) {
  const std::size_t slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0) {
    const std::string folder = path.substr(0, slash);
    if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST)
      return cannot(path, "its folder cannot be made", fmt::format("make {}", folder));
  }
  if (const auto cleared = clear_path(path); !cleared) return tl::unexpected{cleared.error()};

  Listener made{Fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)}, 0};
  const sockaddr_un address = address_of(path);
  // Closed to others from the first moment, before its mode and group are set.
  const mode_t old_mask = ::umask(0177);
  const int bound = ::bind(made.socket.get(), as_sockaddr(address), sizeof address);
  ::umask(old_mask);
  if (bound != 0) {
    return cannot(path, "cannot be made",
                  "set control.socket to a path in a folder that can be written");
  }
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) made.inode = status.st_ino;
  const auto given = give_to_group(path, group);
  if (!given || ::chmod(path.c_str(), mode) != 0 || ::listen(made.socket.get(), kBacklog) != 0) {
    const int error = errno;
    remove_socket(path, made.inode);
    errno = error;
    if (!given) return tl::unexpected{given.error()};
    return cannot(path, "cannot be listened at", "see that its folder allows sockets");
  }
  return made;
}

tl::expected<Fd, Error> open_tcp_listener(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0)
    return tl::unexpected{Error{address, "is no address and port", "see control.tls_listen"}};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{found, ::freeaddrinfo};
  Fd made{::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  constexpr int on = 1;
  ::setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(made.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(made.get(), kBacklog) != 0) {
    return cannot(address, "cannot be listened at",
                  "set control.tls_listen to an address of this machine and a free port");
  }
  return made;
}

void remove_socket(const std::string& path, std::uint64_t inode) noexcept {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) && status.st_ino == inode)
    ::unlink(path.c_str());
}

}  // namespace gate511::control
