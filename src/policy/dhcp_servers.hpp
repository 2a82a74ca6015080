// SPDX-License-Identifier: BSD-3-Clause
//
// The DHCP servers that were seen answering on the uplink: a guest may renew its lease with these
// by unicast, and with no other host on the DHCP ports.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "net/ip.hpp"
#include "net/siphash.hpp"

namespace gate511::policy {

/// Shared by all workers: each may add, all may ask. Bounded; when it is full it learns no more.
/// Addresses are kept as 64-bit keyed fingerprints, so that one atomic word holds either family.
class DhcpServers {
 public:
  explicit DhcpServers(net::SipKey seed) noexcept : seed_{seed} {}

  /// Rare: writes only for a server that is not known yet.
  void learn(std::uint8_t link, const net::IpAddress& server) noexcept;
  [[nodiscard]] bool knows(std::uint8_t link, const net::IpAddress& server) const noexcept;

 private:
  static constexpr std::size_t kMax = 16;
  [[nodiscard]] std::uint64_t fingerprint(std::uint8_t link,
                                          const net::IpAddress& server) const noexcept;

  net::SipKey seed_;
  std::array<std::atomic<std::uint64_t>, kMax> servers_{};  ///< 0: free; filled from the front
};

}  // namespace gate511::policy
