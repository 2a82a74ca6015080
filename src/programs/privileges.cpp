// SPDX-License-Identifier: BSD-3-Clause
//
// User and groups are changed through the C library, which does so in every thread. Capabilities
// are each thread's own: with the last of the user IDs that are root's the kernel takes all of them
// from every thread (capabilities(7)), but from the one that asks to keep them.
#include "programs/privileges.hpp"

#include <cap-ng.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace gate511 {
namespace {

constexpr std::string_view kKey = "privileges.user";

tl::unexpected<Error> failed(std::string_view step) {
  return tl::unexpected{
      Error{std::string{kKey}, fmt::format("{}: {}", step, std::strerror(errno)),
            "start it as root with CAP_SETUID, CAP_SETGID and CAP_SETPCAP, or set "
            "privileges.user = \"\""}};
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Files that the daemon makes and replaces, so that their folders must be the user's to write.
std::vector<std::string> written_files(const control::Config& config) {
  std::vector<std::string> files{config.control.socket};
  for (const std::string& file : {config.control.status_socket, config.control.audit_log,
                                  config.sessions.store, config.garden_state.state}) {
    if (!file.empty()) files.push_back(file);
  }
  return files;
}

/// Files that a reload reads.
std::vector<std::string> read_files(const control::Config& config) {
  std::vector<std::string> files{config.source, config.portal.secret_file};
  if (!config.garden.hosts_file.empty()) files.push_back(config.garden.hosts_file);
  for (const control::ZoneConfig& zone : config.zones) {
    if (!zone.garden.hosts_file.empty()) files.push_back(zone.garden.hosts_file);
  }
  return files;
}

/// As the effective user.
bool may(const std::string& path, int how) {
  return ::faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) == 0;
}

tl::expected<void, Error> check_files(const control::Config& config, const std::string& user) {
  for (const std::string& file : read_files(config)) {
    if (may(file, R_OK)) continue;
    return tl::unexpected{Error{file, fmt::format("user {} cannot read it, as a reload must", user),
                                fmt::format("chgrp {} {}; chmod 0640 {}", user, file, file)}};
  }
  for (const std::string& file : written_files(config)) {
    const std::string folder = folder_of(file);
    // What is not there is no matter: it is made, or who opens it says why not.
    if (!may(folder, F_OK)) continue;
    const bool is_socket = file == config.control.socket || file == config.control.status_socket;
    const std::string wrong = !may(folder, W_OK | X_OK)                           ? folder
                              : !is_socket && may(file, F_OK) && !may(file, W_OK) ? file
                                                                                  : std::string{};
    if (wrong.empty()) continue;
    return tl::unexpected{Error{wrong, fmt::format("user {} cannot write it", user),
                                fmt::format("chown {} {}", user, wrong)}};
  }
  return {};
}

/// Folders that are missing are made as they would be without a user to become; then they are its.
void make_folders(const control::Config& config, uid_t uid, gid_t gid) {
  for (const std::string& file :
       {config.control.socket, config.control.status_socket, config.sessions.store}) {
    const std::string folder = folder_of(file);
    if (file.empty() || ::mkdir(folder.c_str(), 0755) != 0) continue;
    static_cast<void>(::chown(folder.c_str(), uid, gid));  // else check_files() tells
  }
}

/// This thread's, of those that it may have: `wanted`, or all but `wanted`.
bool set_capabilities(std::span<const unsigned> wanted, bool all_but, bool keep_permitted) {
  if (capng_get_caps_process() != 0) return false;
  std::vector<unsigned> effective, permitted;
  for (unsigned capability = 0; capability <= CAP_LAST_CAP; ++capability) {
    if (capng_have_capability(CAPNG_PERMITTED, capability) == 0) continue;
    permitted.push_back(capability);
    if ((std::ranges::find(wanted, capability) != wanted.end()) != all_but)
      effective.push_back(capability);
  }
  capng_clear(CAPNG_SELECT_CAPS);
  for (const unsigned capability : effective)
    capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED),
                 capability);
  for (const unsigned capability : permitted) {
    if (keep_permitted) capng_update(CAPNG_ADD, CAPNG_PERMITTED, capability);
  }
  return capng_apply(CAPNG_SELECT_CAPS) == 0;
}

bool is_for_good(uid_t uid) {
  uid_t real = 0, effective = 0, saved = 0;
  return ::getresuid(&real, &effective, &saved) == 0 && real == uid && effective == uid &&
         saved == uid && ::setresuid(0, 0, 0) != 0;
}

}  // namespace

std::vector<unsigned> capabilities_to_stop(std::string_view driver) {
  // A TAP device is set down; an AF_XDP port takes its program from the interface.
  if (driver == "net_tap" || driver == "net_af_xdp") return {CAP_NET_ADMIN};
  return {};
}

tl::expected<Privileges, Error> Privileges::begin(const control::Config& config) {
  Privileges made;
  if (::geteuid() != 0) return made;
  const std::string& user = config.privileges.user;
  if (user.empty()) {
    made.text_ = "stays root, as privileges.user is empty";
    return made;
  }
  const passwd* const entry = ::getpwnam(user.c_str());
  if (entry == nullptr && !config.privileges.is_given) {
    made.text_ =
        fmt::format("stays root, as there is no user {0}; make it: useradd --system {0}", user);
    return made;
  }
  if (entry == nullptr) {
    return tl::unexpected{Error{
        config.where(std::string{kKey}), fmt::format("there is no user {}", user),
        fmt::format("make it: useradd --system {}; or set privileges.user = \"\" to stay root",
                    user)}};
  }
  if (entry->pw_uid == 0) {
    return tl::unexpected{Error{config.where(std::string{kKey}), fmt::format("{} is root", user),
                                "give another user, or \"\" to stay root with all its rights"}};
  }
  made.user_ = user;
  made.uid_ = entry->pw_uid;
  made.gid_ = entry->pw_gid;
  capng_clear(CAPNG_SELECT_BOUNDS);
  if (capng_apply(CAPNG_SELECT_BOUNDS) != 0) return failed("the bounding set cannot be emptied");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("no_new_privs cannot be set");
  return made;
}

tl::expected<void, Error> Privileges::become_user(const control::Config& config) const {
  if (user_.empty()) return {};
  make_folders(config, uid_, gid_);
  if (::initgroups(user_.c_str(), gid_) != 0) return failed("its groups cannot be taken");
  if (::setresgid(gid_, gid_, gid_) != 0) return failed("its group cannot be taken");
  if (::setresuid(static_cast<uid_t>(-1), uid_, static_cast<uid_t>(-1)) != 0)
    return failed("the user cannot be taken");
  // Files are judged as they will be later on.
  constexpr std::array<unsigned, 3> kFiles{CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER};
  if (!set_capabilities(kFiles, /*all_but=*/true, /*keep_permitted=*/true))
    return failed("capabilities cannot be set");
  // Ports that start have EAL take more memory, for which it reads /proc/self/pagemap.
  if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return failed("/proc/self cannot be kept");
  return check_files(config, user_);
}

tl::expected<void, Error> Privileges::give_up(std::span<const std::string> drivers) {
  if (user_.empty()) return {};
  std::vector<unsigned> kept;
  for (const std::string& driver : drivers) {
    for (const unsigned capability : capabilities_to_stop(driver)) {
      if (std::ranges::find(kept, capability) == kept.end()) kept.push_back(capability);
    }
  }
  if (::prctl(PR_SET_KEEPCAPS, kept.empty() ? 0 : 1, 0, 0, 0) != 0 ||
      ::setresuid(uid_, uid_, uid_) != 0)
    return failed("the user cannot be taken for good");
  if (!set_capabilities(kept, /*all_but=*/false, /*keep_permitted=*/false))
    return failed("capabilities cannot be given up");
  if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
      !is_for_good(uid_))
    return failed("root is not given up");
  std::string names;
  for (const unsigned capability : kept)
    names += fmt::format("{}{}", names.empty() ? "" : " ", capng_capability_to_name(capability));
  text_ = fmt::format("user {}, capabilities: {}", user_, names.empty() ? "none" : names);
  return {};
}

}  // namespace gate511
