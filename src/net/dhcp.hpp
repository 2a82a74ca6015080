// SPDX-License-Identifier: BSD-3-Clause
//
// The little of DHCP that tells which address a client was given: the server's final word in either
// version. Hostile bytes: every option is read within what its length leaves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "net/bytes.hpp"
#include "net/ip.hpp"
#include "net/mac.hpp"

namespace gate511::net {

/// An address that a server has bound to a client.
struct DhcpBinding {
  IpAddress address;
  std::uint32_t lease_s = 0;  ///< 0: not told
};

struct Dhcp4Ack {
  MacAddress client;  ///< chaddr
  DhcpBinding binding;
};

/// A DHCPACK that binds an address (RFC 2131, 4.3.1). nullopt: another message, one without an
/// address (an answer to INFORM), not for Ethernet, or damaged. `message`: the UDP payload.
[[nodiscard]] std::optional<Dhcp4Ack> read_dhcp4_ack(ByteView message) noexcept;

/// The first router that a DHCPOFFER or DHCPACK names (RFC 2132, 3.5). nullopt: none, or damaged.
[[nodiscard]] std::optional<IpAddress> read_dhcp4_router(ByteView message) noexcept;

struct Dhcp6Bindings {
  static constexpr std::size_t kMax = 4;
  std::array<DhcpBinding, kMax> binding;
  std::size_t count = 0;
};

/// The addresses of all IA_NA of a REPLY (RFC 8415, 21.4 and 21.6), the first kMax of them; none of
/// another message. What stands before damage is kept.
[[nodiscard]] Dhcp6Bindings read_dhcp6_reply(ByteView message) noexcept;

}  // namespace gate511::net
