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
#include <filesystem>
#include <system_error>

#include "programs/system_calls.hpp"

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
  for (const std::string& file : {config.control.status_socket, config.sessions.file(),
                                  config.garden_state.state, config.records.file}) {
    if (!file.empty()) files.push_back(file);
  }
  // What SQLite may have left beside its files when the daemon was killed.
  for (const char* const beside : {"-wal", "-shm", "-journal"}) {
    if (!config.sessions.file().empty()) files.push_back(config.sessions.file() + beside);
    if (!config.records.file.empty()) files.push_back(config.records.file + beside);
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

/// What stands in the way of all files, to be told and mended at once.
class Hindrances {
 public:
  explicit Hindrances(const std::string& user) : user_{user} {}

  void read(const std::string& file) {
    if (may(file, R_OK) || is_behind_closed_folder(file)) return;
    add({file, fmt::format("user {} cannot read it, as a reload must", user_),
         fmt::format("chgrp {} {}; chmod 0640 {}", user_, file, file)});
  }
  /// `is_replaced`: its folder must be the user's to write too.
  void write(const std::string& file, bool is_socket, bool is_replaced) {
    const std::string folder = folder_of(file);
    // What is not there is no matter: it is made, or who opens it says why not.
    if (!may(folder, F_OK)) return;
    const bool has_file = may(file, F_OK);
    if ((is_replaced || !has_file) && !may(folder, W_OK | X_OK)) {
      add({folder, fmt::format("user {} cannot write it", user_),
           is_shared(folder) ? fmt::format("put {} into a folder of its own: install -d -o {} {}",
                                           file, user_, in_own_folder(folder))
                             : fmt::format("chown {} {}", user_, folder)});
    } else if (!is_socket && has_file && !may(file, W_OK)) {
      add({file, fmt::format("user {} cannot write it", user_),
           fmt::format("chown {} {}", user_, file)});
    }
  }
  [[nodiscard]] tl::expected<void, Error> all() const {
    if (found_.empty()) return {};
    Error error = found_.front();
    for (std::size_t i = 1; i < found_.size(); ++i) {
      error.what += fmt::format("{} {}", i == 1 ? ", nor use" : ",", found_[i].where);
      error.hint += "; " + found_[i].hint;
    }
    return tl::unexpected{error};
  }

 private:
  void add(const Error& error) {
    const auto is_same = [&error](const Error& one) { return one.where == error.where; };
    if (std::ranges::none_of(found_, is_same)) found_.push_back(error);
  }
  bool is_behind_closed_folder(const std::string& file) {
    std::error_code failed;
    const std::string path = std::filesystem::absolute(file, failed).string();
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
      const std::string folder = path.substr(0, at);
      if (!may(folder, F_OK)) return false;
      if (may(folder, X_OK)) continue;
      add({folder, fmt::format("user {} cannot enter it, to read {}", user_, file),
           fmt::format("move the file, or let {} in: chmod o+x {}", user_, folder)});
      return true;
    }
    return false;
  }
  /// Folders of the system, which are no service's.
  static bool is_shared(const std::string& folder) {
    constexpr std::array<std::string_view, 14> kShared{
        "/",    "/etc", "/home",    "/opt",     "/root",    "/run", "/srv",
        "/tmp", "/usr", "/usr/etc", "/var/lib", "/var/log", "/var", "/var/run"};
    return std::ranges::find(kShared, folder) != kShared.end();
  }
  static std::string in_own_folder(const std::string& folder) {
    return folder == "/" ? "/gate511" : folder + "/gate511";
  }

  const std::string& user_;
  std::vector<Error> found_;
};

tl::expected<void, Error> check_files(const control::Config& config, const std::string& user) {
  Hindrances hindrances{user};
  for (const std::string& file : read_files(config)) hindrances.read(file);
  for (const std::string& file : written_files(config)) {
    const bool is_socket = file == config.control.socket || file == config.control.status_socket;
    hindrances.write(file, is_socket, /*is_replaced=*/true);
  }
  if (!config.control.audit_log.empty())
    hindrances.write(config.control.audit_log, /*is_socket=*/false, /*is_replaced=*/false);
  return hindrances.all();
}

/// Folders that are missing are made; the last one is the user's. It is given by its descriptor,
/// since who owns the folder that it is in could put another in its place.
void make_folders(const control::Config& config, uid_t uid, gid_t gid) {
  const auto make = [uid, gid](const std::string& file, mode_t mode) {
    if (file.empty()) return;
    const std::string folder = folder_of(file);
    std::error_code failed;
    std::filesystem::create_directories(folder_of(folder), failed);
    if (::mkdir(folder.c_str(), mode) != 0) return;
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return;
    static_cast<void>(::fchown(fd, uid, gid));  // else check_files() tells
    ::close(fd);
  };
  make(config.control.socket, 0755);
  make(config.control.status_socket, 0755);
  make(config.sessions.file(), 0700);
  make(config.records.file, 0700);
}

/// How to make the user, whose group may be there already: it is `control.group`'s default too.
std::string how_to_make(const std::string& user) {
  return ::getgrnam(user.c_str()) != nullptr ? fmt::format("useradd --system -g {0} {0}", user)
                                             : fmt::format("useradd --system {}", user);
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

tl::expected<Privileges, Error> Privileges::find(const control::Config& config) {
  Privileges made;
  const std::string& user = config.privileges.user;
  if (user.empty()) {
    made.text_ = "stays root, as privileges.user is empty";
    return made;
  }
  errno = 0;
  const passwd* const entry = ::getpwnam(user.c_str());
  if (entry == nullptr && errno != 0 && errno != ENOENT)
    return failed(fmt::format("user {} cannot be looked up", user));
  if (entry == nullptr && !config.privileges.is_given) {
    made.text_ =
        fmt::format("stays root, as there is no user {}; make it: {}", user, how_to_make(user));
    return made;
  }
  if (entry == nullptr) {
    return tl::unexpected{Error{
        config.where(std::string{kKey}), fmt::format("there is no user {}", user),
        fmt::format("make it: {}; or set privileges.user = \"\" to stay root", how_to_make(user))}};
  }
  if (entry->pw_uid == 0) {
    return tl::unexpected{Error{config.where(std::string{kKey}), fmt::format("{} is root", user),
                                "give another user, or \"\" to stay root with all its rights"}};
  }
  made.user_ = user;
  made.uid_ = entry->pw_uid;
  made.gid_ = entry->pw_gid;
  return made;
}

tl::expected<Privileges, Error> Privileges::begin(const control::Config& config) {
  if (::geteuid() != 0) return Privileges{};
  auto made = find(config);
  if (!made || made->user_.empty()) return made;
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
  if (auto narrowed = narrow_system_calls(drivers); !narrowed) return narrowed;
  std::string names;
  for (const unsigned capability : kept)
    names += fmt::format("{}{}", names.empty() ? "" : " ", capng_capability_to_name(capability));
  text_ = fmt::format("user {}, capabilities: {}", user_, names.empty() ? "none" : names);
  return {};
}

}  // namespace gate511
