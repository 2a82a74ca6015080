// SPDX-License-Identifier: BSD-3-Clause
//
// Who logged in, when, by which method and with which device, and nothing else; and the nonces of
// links that a completed login has spent.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "portal/store/database.hpp"

namespace gate511::portal {

struct Login {
  UnixTime at = 0;
  std::string mac;
  std::string method;
  std::string who;  ///< a user's name, `voucher-17`, or empty
};

/// Any number of threads may use one at once. Everything throws sql::SqlError.
class Trail {
 public:
  explicit Trail(PortalFile& file) : file_{file} {}

  [[nodiscard]] bool is_spent(const std::string& mac, std::uint32_t nonce);
  /// Notes a login, and that its nonce is spent.
  void completed(const Login& login, std::uint32_t nonce);
  /// No session came of it: as if it had not been noted.
  void withdraw(const Login& login, std::uint32_t nonce);
  struct Search {
    std::string mac;     ///< empty: of any
    UnixTime since = 0;  ///< no earlier
  };
  /// The latest first; `each` returns whether to go on.
  void find(const Search& wanted, const std::function<bool(const Login&)>& each);
  /// The latest first.
  void each(std::size_t limit, const std::function<void(const Login&)>& each);

 private:
  PortalFile& file_;
};

}  // namespace gate511::portal
