// SPDX-License-Identifier: BSD-3-Clause
//
// The C library changes user and groups in every thread, and with the last of the user IDs that are
// root's the kernel takes all capabilities (capabilities(7)).
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "portal/portal.hpp"

namespace gate511::portal {
namespace {

tl::unexpected<Error> failed(const Config& config, std::string what, std::string hint) {
  return tl::unexpected{Error{config.where("privileges.user"), std::move(what), std::move(hint)}};
}

/// Makes the database's folder where it is missing, as the user's.
void make_folder(const Config& config, uid_t uid, gid_t gid) {
  const auto folder = std::filesystem::path{config.database}.parent_path();
  std::error_code ignored;  // who opens the database says what is wrong
  std::filesystem::create_directories(folder.parent_path(), ignored);
  if (::mkdir(folder.c_str(), 0700) == 0) static_cast<void>(::lchown(folder.c_str(), uid, gid));
}

}  // namespace

tl::expected<std::optional<Identity>, Error> user_to_be(const Config& config) {
  if (::geteuid() != 0 || config.user.empty()) return std::nullopt;
  const passwd* const entry = ::getpwnam(config.user.c_str());
  if (entry == nullptr && !config.user_is_given) return std::nullopt;
  if (entry == nullptr) {
    return failed(config, fmt::format("there is no user {}", config.user),
                  fmt::format("make it: useradd --system -G gate511 {0}; or set privileges.user = "
                              "\"\" to stay root",
                              config.user));
  }
  if (entry->pw_uid == 0)
    return failed(config, fmt::format("{} is root", config.user), "give another user");
  return Identity{config.user, entry->pw_uid, entry->pw_gid};
}

std::optional<Error> root_warning(const Config& config) {
  const auto user = user_to_be(config);
  if (!user || *user || ::geteuid() != 0 || config.user.empty()) return std::nullopt;
  return Error{config.where("privileges.user"),
               fmt::format("the portal stays root, as there is no user {}", config.user),
               fmt::format("make it: useradd --system -G gate511 {}", config.user)};
}

tl::expected<std::string, Error> give_up_root(const Config& config) {
  const auto user = user_to_be(config);
  if (!user) return tl::unexpected{user.error()};
  if (!*user) {
    const bool is_root = ::geteuid() == 0;
    make_folder(config, ::geteuid(), ::getegid());
    return std::string{is_root && config.user.empty() ? "stays root, as privileges.user is empty"
                                                      : ""};
  }
  const uid_t uid = (*user)->uid;
  const gid_t gid = (*user)->gid;
  make_folder(config, uid, gid);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::initgroups(config.user.c_str(), gid) != 0 || ::setresgid(gid, gid, gid) != 0 ||
      ::setresuid(uid, uid, uid) != 0 || ::setresuid(0, 0, 0) == 0) {
    return failed(config, fmt::format("root cannot be given up: {}", std::strerror(errno)),
                  "start it as root with CAP_SETUID and CAP_SETGID, or as the user");
  }
  return fmt::format("user {}", config.user);
}

}  // namespace gate511::portal
