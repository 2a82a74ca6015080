// SPDX-License-Identifier: BSD-3-Clause
#include "policy/dhcp.hpp"

#include <algorithm>
#include <array>

namespace gate511::policy {
namespace {

using net::ByteView;
using net::Packet;

constexpr std::uint16_t kServerPort = 67, kClientPort = 68;
constexpr std::uint16_t kServerPort6 = 547, kClientPort6 = 546;
constexpr net::IpAddress kAllServers6{0xff02'0000'0000'0000, 0x1'0002};
constexpr net::IpAddress kBroadcast = net::IpAddress::v4(0xffff'ffff);

bool is_udp(const Packet& p) {
  return p.is_ip && p.protocol == net::protocol::kUdp;
}

bool is_bootp(ByteView frame, const Packet& p, std::uint8_t op) {
  constexpr std::size_t kMagicAt = 236;  // RFC 2131, 3
  constexpr std::uint32_t kMagic = 0x63825363;
  return p.payload_size() >= kMagicAt + 4 && net::load_u8(frame, p.payload_offset) == op &&
         net::load_be32(frame, p.payload_offset + kMagicAt) == kMagic;
}

/// 0, which no message has, if it is cut short.
std::uint8_t type6(ByteView frame, const Packet& p) {
  return p.payload_size() < 4 ? std::uint8_t{0} : net::load_u8(frame, p.payload_offset);
}

}  // namespace

bool is_to_dhcp_server(const Packet& p) noexcept {
  return is_udp(p) && p.destination_port == (p.is_v6 ? kServerPort6 : kServerPort);
}

bool is_from_dhcp_server(const Packet& p) noexcept {
  return is_udp(p) && p.source_port == (p.is_v6 ? kServerPort6 : kServerPort);
}

bool is_dhcp_request(ByteView frame, const Packet& p) noexcept {
  if (!is_to_dhcp_server(p)) return false;
  if (!p.is_v6) return p.source_port == kClientPort && is_bootp(frame, p, /*BOOTREQUEST*/ 1);
  // RFC 8415, 7.3: what clients send.
  constexpr std::array<std::uint8_t, 8> kClientTypes{1, 3, 4, 5, 6, 8, 9, 11};
  return p.source_port == kClientPort6 &&
         std::find(kClientTypes.begin(), kClientTypes.end(), type6(frame, p)) != kClientTypes.end();
}

bool is_dhcp_answer(ByteView frame, const Packet& p) noexcept {
  if (!is_from_dhcp_server(p)) return false;
  if (!p.is_v6) {
    return p.destination_port == kClientPort && p.source.is_unicast_host() &&
           is_bootp(frame, p, /*BOOTREPLY*/ 2);
  }
  const std::uint8_t type = type6(frame, p);
  constexpr std::uint8_t kAdvertise = 2, kReply = 7, kReconfigure = 10;
  return p.destination_port == kClientPort6 && p.source.is_link_local() &&
         (type == kAdvertise || type == kReply || type == kReconfigure);
}

std::uint32_t dhcp_transaction(ByteView frame, const Packet& p) noexcept {
  return net::load_be32(frame, p.payload_offset + 4U);
}

bool is_answer_on_link(const Packet& p) noexcept {
  return p.is_v6 ? p.source.is_link_local() : p.destination == kBroadcast;
}

bool is_to_all_dhcp_servers(const Packet& p) noexcept {
  return p.destination == (p.is_v6 ? kAllServers6 : kBroadcast);
}

}  // namespace gate511::policy
