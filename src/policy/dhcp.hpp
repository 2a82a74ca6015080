// SPDX-License-Identifier: BSD-3-Clause
//
// Which packets are DHCP, version 4 (RFC 2131) or 6 (RFC 8415), and whose: as much of a message as
// the rules for guests ask about.
#pragma once

#include "net/frame.hpp"

namespace gate511::policy {

/// To a server's port. `packet`: without a flaw, here and below.
[[nodiscard]] bool is_to_dhcp_server(const net::Packet& packet) noexcept;
/// From a server's port.
[[nodiscard]] bool is_from_dhcp_server(const net::Packet& packet) noexcept;

/// A message that clients send.
[[nodiscard]] bool is_dhcp_request(net::ByteView frame, const net::Packet& packet) noexcept;

/// A message that servers send to clients, from an address that a server can have: DHCPv6 comes
/// from a link-local one, since servers and relays answer on the link.
[[nodiscard]] bool is_dhcp_answer(net::ByteView frame, const net::Packet& packet) noexcept;

/// The transaction number of a DHCPv4 message (RFC 2131, 2). `packet`: is_dhcp_request or
/// is_dhcp_answer, version 4.
[[nodiscard]] std::uint32_t dhcp_transaction(net::ByteView frame,
                                             const net::Packet& packet) noexcept;

/// An answer that no router can have let in, so that its sender is on the uplink's own network:
/// DHCPv4 to the limited broadcast address, DHCPv6 from a link-local one. `packet`: is_dhcp_answer.
[[nodiscard]] bool is_answer_on_link(const net::Packet& packet) noexcept;

/// Where a client sends to as long as it knows no server: 255.255.255.255, or ff02::1:2,
/// All_DHCP_Relay_Agents_and_Servers (RFC 8415, 7.1).
[[nodiscard]] bool is_to_all_dhcp_servers(const net::Packet& packet) noexcept;

}  // namespace gate511::policy
