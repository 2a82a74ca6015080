// SPDX-License-Identifier: BSD-3-Clause
//
// What is known of the routers, the resolvers and the DHCP servers beyond the uplink, and what is
// yet to be found out of them. Built by the control thread, never changed, swapped by pointer.
#pragma once

#include <cstdint>
#include <vector>

#include "net/ip.hpp"
#include "net/mac.hpp"

namespace gate511::policy {

/// An address that is no client's.
struct ProtectedAddress {
  static constexpr std::uint16_t kAnyVlan = 0xffff;

  net::IpAddress address;
  std::uint8_t link = 0;
  std::uint16_t vlan = kAnyVlan;  ///< outer VLAN, 0: untagged

  bool operator==(const ProtectedAddress&) const noexcept = default;
};

/// A MAC that is no client's.
struct ProtectedMac {
  net::MacAddress mac;
  std::uint8_t link = 0;

  auto operator<=>(const ProtectedMac&) const noexcept = default;
};

class Infrastructure {
 public:
  Infrastructure() = default;
  Infrastructure(std::vector<ProtectedMac> macs, std::vector<ProtectedAddress> addresses,
                 std::vector<ProtectedAddress> wanted);

  [[nodiscard]] bool holds(std::uint8_t link, net::MacAddress mac) const noexcept {
    // Nearly all frames end here: a bit for each MAC that there is.
    return (filter_ >> bit_of(mac) & 1) != 0 && holds_exactly(link, mac);
  }
  /// An address that no client may claim.
  [[nodiscard]] bool holds(std::uint8_t link, std::uint16_t vlan,
                           const net::IpAddress& address) const noexcept;
  /// An address whose MAC is worth telling, when it is seen on the uplink.
  [[nodiscard]] bool wants(std::uint8_t link, std::uint16_t vlan,
                           const net::IpAddress& address) const noexcept;

 private:
  static unsigned bit_of(net::MacAddress mac) noexcept {
    return static_cast<unsigned>(mac.value() * 0x9e37'79b9'7f4a'7c15 >> 58);
  }
  [[nodiscard]] bool holds_exactly(std::uint8_t link, net::MacAddress mac) const noexcept;

  std::uint64_t filter_ = 0;
  std::vector<ProtectedMac> macs_;  ///< in order
  std::vector<ProtectedAddress> addresses_;
  std::vector<ProtectedAddress> wanted_;
};

}  // namespace gate511::policy
