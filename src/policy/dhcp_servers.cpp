// SPDX-License-Identifier: BSD-3-Clause
#include "policy/dhcp_servers.hpp"

namespace gate511::policy {

std::uint64_t DhcpServers::fingerprint(std::uint8_t link,
                                       const net::IpAddress& server) const noexcept {
  std::array<std::byte, 17> bytes{};
  server.store_v6(bytes, 0);
  bytes[16] = std::byte{link};
  return net::siphash24(seed_, bytes) | 1;  // 0 stands for a free place
}

void DhcpServers::learn(std::uint8_t link, const net::IpAddress& server) noexcept {
  const std::uint64_t wanted = fingerprint(link, server);
  for (auto& place : servers_) {
    std::uint64_t there = place.load(std::memory_order_relaxed);
    // On failure compare_exchange puts into `there` what another worker wrote meanwhile.
    if (there == 0 && place.compare_exchange_strong(there, wanted, std::memory_order_relaxed))
      return;
    if (there == wanted) return;
  }
}

bool DhcpServers::knows(std::uint8_t link, const net::IpAddress& server) const noexcept {
  const std::uint64_t wanted = fingerprint(link, server);
  for (const auto& place : servers_) {
    if (place.load(std::memory_order_relaxed) == wanted) return true;
  }
  return false;
}

}  // namespace gate511::policy
