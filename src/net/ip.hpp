// SPDX-License-Identifier: BSD-3-Clause
//
// IP addresses and prefixes. One type holds both families: IPv4 as ::ffff:a.b.c.d (RFC 4291,
// 2.5.5.2), so that one comparison and one set serve both.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/bytes.hpp"

namespace gate511::net {

struct IpAddress {
  std::uint64_t high = 0;  ///< first 8 octets as a number
  std::uint64_t low = 0;   ///< last 8 octets as a number

  static constexpr std::uint64_t kMappedPrefix = 0x0000'ffff'0000'0000;

  [[nodiscard]] static constexpr IpAddress v4(std::uint32_t address) noexcept {
    return {0, kMappedPrefix | address};
  }
  /// Reads the 16 octets at `bytes[at...]`.
  [[nodiscard]] static IpAddress load_v6(ByteView bytes, std::size_t at) noexcept {
    return {load_be<std::uint64_t>(bytes, at), load_be<std::uint64_t>(bytes, at + 8)};
  }
  void store_v6(ByteSpan bytes, std::size_t at) const noexcept {
    store_be(bytes, at, high);
    store_be(bytes, at + 8, low);
  }

  [[nodiscard]] constexpr bool is_v4() const noexcept {
    return high == 0 && (low & 0xffff'ffff'0000'0000) == kMappedPrefix;
  }
  [[nodiscard]] constexpr std::uint32_t v4_value() const noexcept {
    return static_cast<std::uint32_t>(low);
  }
  /// An address that one host may have and that may appear on a wire: not unspecified, multicast,
  /// broadcast, loopback or in 0/8 and 240/4 (RFC 1122 3.2.1.3, RFC 4291 2.5-2.7).
  [[nodiscard]] bool is_unicast_host() const noexcept;

  /// fe80::/10 (RFC 4291, 2.5.6)
  [[nodiscard]] constexpr bool is_link_local() const noexcept { return high >> 54 == 0x3fa; }

  constexpr auto operator<=>(const IpAddress&) const noexcept = default;
};

/// Dotted quad or RFC 4291 text; no zone, no brackets.
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);
/// RFC 5952 text; IPv4 as dotted quad.
[[nodiscard]] std::string to_string(const IpAddress& address);

/// A prefix as the closed range of addresses that it holds.
struct Cidr {
  IpAddress first;
  IpAddress last;

  bool operator==(const Cidr&) const noexcept = default;
};

/// `ADDRESS` or `ADDRESS/LENGTH`; bits set behind the length are an error (nullopt), since they
/// tell of a slip.
[[nodiscard]] std::optional<Cidr> parse_cidr(std::string_view text);

/// A set of addresses given as prefixes: sorted, merged ranges, binary search. The families are
/// kept apart, since IPv4's addresses lie inside of `::/0` as this type holds them. It never
/// changes, so that copies share its memory: a hundred zones may have one garden of 100,000.
class IpSet {
 public:
  IpSet() = default;
  explicit IpSet(std::vector<Cidr> prefixes);

  [[nodiscard]] bool contains(const IpAddress& address) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return v4_.empty() && v6_.empty(); }
  /// In their order; those that meet have been merged.
  [[nodiscard]] std::span<const Cidr> v4() const noexcept { return v4_; }
  [[nodiscard]] std::span<const Cidr> v6() const noexcept { return v6_; }
  [[nodiscard]] bool operator==(const IpSet& other) const noexcept;

 private:
  std::shared_ptr<const std::vector<Cidr>> owned_;  ///< IPv4's before IPv6's
  std::span<const Cidr> v4_;                        ///< these two: of owned_
  std::span<const Cidr> v6_;
};

}  // namespace gate511::net
