// SPDX-License-Identifier: BSD-3-Clause
#include "policy/infrastructure.hpp"

#include <algorithm>
#include <utility>

namespace gate511::policy {
namespace {

bool contains(const std::vector<ProtectedAddress>& addresses, std::uint8_t link, std::uint16_t vlan,
              const net::IpAddress& address) noexcept {
  return std::ranges::any_of(addresses, [&](const ProtectedAddress& one) {
    return one.address == address && one.link == link &&
           (one.vlan == ProtectedAddress::kAnyVlan || one.vlan == vlan);
  });
}

}  // namespace

Infrastructure::Infrastructure(std::vector<ProtectedMac> macs,
                               std::vector<ProtectedAddress> addresses,
                               std::vector<ProtectedAddress> wanted)
    : macs_{std::move(macs)}, addresses_{std::move(addresses)}, wanted_{std::move(wanted)} {
  std::ranges::sort(macs_);
  for (const ProtectedMac& one : macs_) filter_ |= std::uint64_t{1} << bit_of(one.mac);
}

bool Infrastructure::holds_exactly(std::uint8_t link, net::MacAddress mac) const noexcept {
  return std::ranges::binary_search(macs_, ProtectedMac{mac, link});
}

bool Infrastructure::holds(std::uint8_t link, std::uint16_t vlan,
                           const net::IpAddress& address) const noexcept {
  return contains(addresses_, link, vlan, address);
}

bool Infrastructure::wants(std::uint8_t link, std::uint16_t vlan,
                           const net::IpAddress& address) const noexcept {
  return contains(wanted_, link, vlan, address);
}

}  // namespace gate511::policy
