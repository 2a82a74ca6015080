// SPDX-License-Identifier: BSD-3-Clause
//
// Users with passwords, which are kept as scrypt's hashes (RFC 7914).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "portal/store/database.hpp"

namespace gate511::portal {

inline constexpr std::size_t kMaxUserName = 64;   ///< bytes, as a session's `user`
inline constexpr std::size_t kMaxPassword = 256;  ///< bytes

/// `$scrypt$ln=14,r=8,p=1$SALT$HASH`, both base64url. Takes some 50 ms and 16 MiB.
[[nodiscard]] std::string hash_password(std::string_view password);
/// Takes as long where `hash` is none, so that time does not tell who is a user.
[[nodiscard]] bool is_password(std::string_view password, std::string_view hash);

struct User {
  std::string name;
  std::string plan;
  UnixTime created_at = 0;
};

/// Any number of threads may use one at once. Everything throws sql::SqlError.
class Users {
 public:
  explicit Users(PortalFile& file) : file_{file} {}

  /// False: there is one of that name.
  bool add(const std::string& name, std::string_view password, const std::string& plan,
           UnixTime now);
  /// False: there is none.
  bool set_password(const std::string& name, std::string_view password);
  bool remove(const std::string& name);
  void each(const std::function<void(const User&)>& each);
  /// Nothing: no such user, or another password.
  [[nodiscard]] std::optional<User> check(const std::string& name, std::string_view password);

 private:
  PortalFile& file_;
};

}  // namespace gate511::portal
