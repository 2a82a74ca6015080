// SPDX-License-Identifier: BSD-3-Clause
//
// An Ethernet MAC address (IEEE 802) as a number: the first octet on the wire is the highest.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gate511::net {

class MacAddress {
 public:
  static constexpr std::uint64_t kMask = (std::uint64_t{1} << 48) - 1;
  /// The group (I/G) bit, the lowest of the first octet (IEEE 802, 8.2).
  static constexpr std::uint64_t kGroupBit = std::uint64_t{1} << 40;

  constexpr MacAddress() noexcept = default;
  /// `value`: 48 bits, first octet highest.
  explicit constexpr MacAddress(std::uint64_t value) noexcept : value_{value & kMask} {}

  [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }
  [[nodiscard]] constexpr bool is_group() const noexcept { return (value_ & kGroupBit) != 0; }
  [[nodiscard]] constexpr bool is_broadcast() const noexcept { return value_ == kMask; }
  [[nodiscard]] constexpr bool is_zero() const noexcept { return value_ == 0; }
  /// True for an address that a station can have as its own.
  [[nodiscard]] constexpr bool is_station() const noexcept { return !is_group() && !is_zero(); }

  constexpr auto operator<=>(const MacAddress&) const noexcept = default;

 private:
  std::uint64_t value_ = 0;
};

/// Six octets of two hexadecimal digits, all separated by `:` or all by `-`, of either case.
[[nodiscard]] std::optional<MacAddress> parse_mac(std::string_view text);

/// Lower case with colons: `02:00:5e:00:53:01`.
[[nodiscard]] std::string to_string(MacAddress mac);

}  // namespace gate511::net
