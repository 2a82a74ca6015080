// SPDX-License-Identifier: BSD-3-Clause
//
// The C library changes user and groups in every thread, and with the last of the user IDs that are
// root's the kernel takes all capabilities (capabilities(7)).
#include "settings/privileges.hpp"

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

namespace gate511::settings {
namespace {

tl::unexpected<Error> failed(const Privileges& wanted, std::string what, std::string hint) {
  return tl::unexpected{Error{wanted.where, std::move(what), std::move(hint)}};
}

/// Makes the folders where they are missing, as the user's.
void make_folders(const Privileges& wanted, uid_t uid, gid_t gid) {
  for (const std::string& name : wanted.folders) {
    const std::filesystem::path folder{name};
    std::error_code ignored;  // who opens a file there says what is wrong
    std::filesystem::create_directories(folder.parent_path(), ignored);
    if (::mkdir(folder.c_str(), 0700) == 0) static_cast<void>(::lchown(folder.c_str(), uid, gid));
  }
}

}  // namespace

void read_user(Section& root, std::string& user, bool& is_given) {
  Section privileges = root.sub("privileges", {"user"});
  privileges.text("user", user);
  is_given = privileges.has("user");
  if (user == "root") {
    privileges.fail("user", {"`privileges.user` is root",
                             "give another user, or \"\" to stay whom it was started as"});
  }
}

tl::expected<std::optional<Identity>, Error> user_to_be(const Privileges& wanted) {
  if (::geteuid() != 0 || wanted.user.empty()) return std::nullopt;
  const passwd* const entry = ::getpwnam(wanted.user.c_str());
  if (entry == nullptr && !wanted.is_given) return std::nullopt;
  if (entry == nullptr) {
    return failed(wanted, fmt::format("there is no user {}", wanted.user),
                  fmt::format("make it: useradd --system -G gate511 {0}; or set privileges.user = "
                              "\"\" to stay root",
                              wanted.user));
  }
  if (entry->pw_uid == 0)
    return failed(wanted, fmt::format("{} is root", wanted.user), "give another user");
  return Identity{wanted.user, entry->pw_uid, entry->pw_gid};
}

std::optional<Error> root_warning(const Privileges& wanted) {
  const auto user = user_to_be(wanted);
  if (!user || *user || ::geteuid() != 0 || wanted.user.empty()) return std::nullopt;
  return Error{wanted.where,
               fmt::format("{} stays root, as there is no user {}", wanted.program, wanted.user),
               fmt::format("make it: useradd --system -G gate511 {}", wanted.user)};
}

tl::expected<std::string, Error> give_up_root(const Privileges& wanted) {
  const auto user = user_to_be(wanted);
  if (!user) return tl::unexpected{user.error()};
  if (!*user) {
    const bool is_root = ::geteuid() == 0;
    make_folders(wanted, ::geteuid(), ::getegid());
    return std::string{is_root && wanted.user.empty() ? "stays root, as privileges.user is empty"
                                                      : ""};
  }
  const uid_t uid = (*user)->uid;
  const gid_t gid = (*user)->gid;
  make_folders(wanted, uid, gid);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::initgroups(wanted.user.c_str(), gid) != 0 || ::setresgid(gid, gid, gid) != 0 ||
      ::setresuid(uid, uid, uid) != 0 || ::setresuid(0, 0, 0) == 0) {
    return failed(wanted, fmt::format("root cannot be given up: {}", std::strerror(errno)),
                  "start it as root with CAP_SETUID and CAP_SETGID, or as the user");
  }
  return fmt::format("user {}", wanted.user);
}

}  // namespace gate511::settings
