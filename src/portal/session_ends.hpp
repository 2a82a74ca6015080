// SPDX-License-Identifier: BSD-3-Clause
//
// Ends of sessions that vouchers have opened: what they used counts for the voucher's next login.
// The gateway keeps them until they are acknowledged, so none is missed while the portal is away.
#pragma once

#include <atomic>

#include "portal/gateway.hpp"
#include "portal/log.hpp"
#include "portal/store/vouchers.hpp"

namespace gate511::portal {

class SessionEnds {
 public:
  SessionEnds(Gateway& gateway, Vouchers& vouchers, Log& log)
      : gateway_{gateway}, vouchers_{vouchers}, log_{log} {}

  /// Until `is_over`, over connections of its own.
  void follow(const std::atomic<bool>& is_over);

 private:
  /// False: the connection is over.
  bool take_one(Client& client);

  Gateway& gateway_;
  Vouchers& vouchers_;
  Log& log_;
};

}  // namespace gate511::portal
