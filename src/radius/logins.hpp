// SPDX-License-Identifier: BSD-3-Clause
//
// Users with passwords, whom a portal asks about at the door. The portal opens the session, by the
// terms that it is told; from then on it is accounted for as others are.
#pragma once

#include <cstdint>

#include "radius/accounting/directory.hpp"
#include "radius/client/exchange.hpp"
#include "radius/config.hpp"
#include "radius/door.hpp"

namespace gate511::radius {

class Logins {
 public:
  struct Counts {
    std::uint64_t asked = 0;
    std::uint64_t accepted = 0;
    std::uint64_t rejected = 0;
    std::uint64_t unanswered = 0;
  };
  /// All outlive this.
  Logins(const Config& config, Exchange& exchange, Directory& directory)
      : config_{config}, exchange_{exchange}, directory_{directory} {}

  /// Of the door: `mac`, `vlan`, `link`, `user` and `password`.
  void login(const Door::Json& params, Door::Done done);

  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  void take(const Place& place, const std::string& user, const Exchange::Result& result,
            const Door::Done& done);

  const Config& config_;
  Exchange& exchange_;
  Directory& directory_;
  Counts counts_;
};

}  // namespace gate511::radius
