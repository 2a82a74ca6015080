// SPDX-License-Identifier: BSD-3-Clause
//
// Voucher codes: made, taken at a login, and ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portal/store/database.hpp"

namespace gate511::portal {

struct Voucher {
  std::uint64_t id = 0;
  std::string code;  ///< `7KQ2M-X4D9R`
  std::string plan;
  std::uint64_t devices = 1;  ///< that may use it
  std::string note;
  UnixTime created_at = 0;
  UnixTime expires_at = 0;    ///< to be used first before; 0: whenever
  UnixTime first_used = 0;    ///< 0: not yet
  UnixTime ends_at = 0;       ///< 0: not used yet, or no end
  UnixTime revoked = 0;       ///< 0: it is not
  std::uint64_t used_by = 0;  ///< devices

  /// `new used expired revoked`.
  [[nodiscard]] std::string_view state(UnixTime now) const;
};

/// The user of a voucher's sessions, `voucher-17`.
[[nodiscard]] std::string user_of_voucher(std::uint64_t id);

/// What a login by voucher found.
struct Redeemed {
  enum class Why { kGood, kUnknown, kExpired, kTooManyDevices, kNoPlan };
  Why why = Why::kUnknown;
  Voucher voucher;
  std::uint64_t bytes = 0;     ///< that this device has used
  bool is_new_device = false;  ///< to be taken back where the login fails
  bool is_first_use = false;
};

/// 30 characters that are not mistaken for one another: no 0 O, 1 I L, U.
inline constexpr std::string_view kCodeAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
inline constexpr std::size_t kCodeChars = 10;  ///< 49 bits
[[nodiscard]] std::string make_code();
/// As it is compared: without spaces and hyphens, in capitals, and 0 for O, 1 for I and L. Empty:
/// it has fewer than 6 or more than 32 characters, or others than letters and digits.
[[nodiscard]] std::string code_key(std::string_view typed);

/// Any number of threads may use one at once. Everything throws sql::SqlError.
class Vouchers {
 public:
  explicit Vouchers(PortalFile& file) : file_{file} {}

  /// Within one transaction. False: there is one of that code already.
  bool add(PortalFile::Work& work, const Voucher& voucher);
  /// In the order of their making, those behind the id `after`; `each` returns whether to go on.
  void each(const std::function<bool(const Voucher&)>& each, std::uint64_t after = 0);
  [[nodiscard]] std::optional<Voucher> find(std::string_view code);
  /// False: there is none.
  bool revoke(std::string_view code, UnixTime now);
  /// Those that were not used may not be any more. How many.
  std::size_t expire_unused(std::string_view note, UnixTime now);
  bool expire(std::string_view code, UnixTime now);

  /// Notes the device, and with the first one when it ends. `ttl_s` by plan; nothing: no such plan.
  [[nodiscard]] Redeemed redeem(
      std::string_view code, const std::string& mac, UnixTime now,
      const std::function<std::optional<std::uint64_t>(const std::string& plan)>& ttl_s);
  /// As if it had not been redeemed.
  void take_back(const Redeemed& redeemed, const std::string& mac);
  /// What a session has used up to now, or when it ended; one of no voucher's is none of its
  /// business. It may be told again and again: each byte counts once.
  void used(std::uint64_t session, std::string_view user, const std::string& mac,
            std::uint64_t bytes, UnixTime now);

  PortalFile& file() { return file_; }

 private:
  PortalFile& file_;
};

}  // namespace gate511::portal
