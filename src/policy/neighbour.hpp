// SPDX-License-Identifier: BSD-3-Clause
//
// IPv6 neighbour discovery (RFC 4861) and multicast listener discovery (RFC 2710, RFC 3810): what a
// guest may send, checked so closely that nothing else can be carried in it. Routers pass on what
// is not for them, hop limit 255 or not, so a message to an address beyond the link must leave its
// sender no choice of bytes.
#pragma once

#include <cstdint>

#include "net/frame.hpp"

namespace gate511::policy {

namespace icmpv6 {
inline constexpr std::uint8_t kLastError = 127;  ///< RFC 4443, 2.1: errors are 0-127
inline constexpr std::uint8_t kListenerQuery = 130;
inline constexpr std::uint8_t kListenerReport = 131;
inline constexpr std::uint8_t kListenerDone = 132;
inline constexpr std::uint8_t kRouterSolicitation = 133;
inline constexpr std::uint8_t kRouterAdvertisement = 134;
inline constexpr std::uint8_t kNeighbourSolicitation = 135;
inline constexpr std::uint8_t kNeighbourAdvertisement = 136;
inline constexpr std::uint8_t kRedirect = 137;
inline constexpr std::uint8_t kListenerReportV2 = 143;
}  // namespace icmpv6

enum class NeighbourMessage : std::uint8_t {
  kNone,       ///< neither ND nor MLD
  kDiscovery,  ///< a solicitation or advertisement as a client sends it
  kListener,   ///< a listener report
  kRouters,    ///< router advertisement, redirect or listener query: what routers alone send
  kMalformed   ///< ND or MLD by its type, but not as its RFC has it
};

/// `packet`: ICMPv6 without a flaw, of a frame from a guest. `source`: the frame's source MAC.
[[nodiscard]] NeighbourMessage classify_neighbour(net::ByteView frame, const net::Packet& packet,
                                                  net::MacAddress source) noexcept;

/// ND on the wire from the uplink: a type of RFC 4861 that has crossed no router.
[[nodiscard]] bool is_neighbour_discovery(const net::Packet& packet) noexcept;
/// MLD from the uplink, of any type.
[[nodiscard]] bool is_listener_discovery(const net::Packet& packet) noexcept;

}  // namespace gate511::policy
