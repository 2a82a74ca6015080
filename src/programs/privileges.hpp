// SPDX-License-Identifier: BSD-3-Clause
//
// Who the daemon is. Started as root, it gives its rights away in three steps, since EAL, ports and
// sockets want them and what comes behind does not:
//
//   auto privileges = Privileges::begin(config);   // before there is any other thread
//   ... EAL ...
//   privileges->become_user();                     // files are made and judged as the user's
//   ... sockets, store, ports ...
//   privileges->give_up(drivers);                  // in all threads; then frames may move
#pragma once

#include <sys/types.h>
#include <tl/expected.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/config.hpp"
#include "gate511/error.hpp"

namespace gate511 {

class Privileges {
 public:
  /// Who `privileges.user` is, as root would find it. Changes nothing; for `--check`, too.
  [[nodiscard]] static tl::expected<Privileges, Error> find(const control::Config& config);

  /// Finds the user, and takes from this thread, and all that it starts, the way to ever have more
  /// rights than now (no_new_privs, an empty bounding set). Does nothing, nor do the others, where
  /// the process is not root's or `privileges.user` is empty.
  [[nodiscard]] static tl::expected<Privileges, Error> begin(const control::Config& config);

  /// All threads become the user's, with no capability in effect but, in this one, those that
  /// sockets and ports need to start. Fails where the user could not read what a reload reads, nor
  /// write what the daemon writes.
  [[nodiscard]] tl::expected<void, Error> become_user(const control::Config& config) const;

  /// For good, in all threads, and with it the system calls that only a start takes. What `drivers`
  /// need to stop their ports stays with this one.
  [[nodiscard]] tl::expected<void, Error> give_up(std::span<const std::string> drivers);

  /// What became of it, for the log.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string user_;  ///< empty: nothing is given up
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  std::string text_;
};

/// The capabilities, as libcap-ng numbers them, without which a driver could not stop its port.
[[nodiscard]] std::vector<unsigned> capabilities_to_stop(std::string_view driver);

}  // namespace gate511
