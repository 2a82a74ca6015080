// SPDX-License-Identifier: BSD-3-Clause
//
// The frames that benches send round, and the clients that they are from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/bytes.hpp"
#include "net/mac.hpp"

namespace gate511::bench {

inline constexpr net::MacAddress kRouter{0x0200'5e00'53fe};
inline constexpr std::size_t kFcs = 4;  ///< a frame of 64 bytes has 60 in memory

/// The MAC of client `n`: another one for each n below 2^40, in no order.
[[nodiscard]] constexpr net::MacAddress client_mac(std::uint64_t n) noexcept {
  return net::MacAddress{0x0200'0000'0000 |
                         ((n + 1) * 0x9e'3779'b97f & ((std::uint64_t{1} << 40) - 1))};
}

/// A number in no order, and the state for the next (splitmix64).
[[nodiscard]] constexpr std::uint64_t next_random(std::uint64_t& state) noexcept {
  std::uint64_t z = state += 0x9e37'79b9'7f4a'7c15;
  z = (z ^ z >> 30) * 0xbf58'476d'1ce4'e5b9;
  z = (z ^ z >> 27) * 0x94d0'49bb'1331'11eb;
  return z ^ z >> 31;
}
/// Below `bound`, which is below 2^32.
[[nodiscard]] constexpr std::uint64_t next_below(std::uint64_t& state,
                                                 std::uint64_t bound) noexcept {
  return (next_random(state) >> 32) * bound >> 32;
}

/// Writes both addresses, and nothing else, at the frame's beginning.
void write_macs(net::ByteSpan frame, net::MacAddress destination, net::MacAddress source) noexcept;

struct PacketOptions {
  bool from_access = true;  ///< from 198.51.100.7 to 203.0.113.9, else the reverse
  std::uint16_t vlan = 0;   ///< 0: untagged
};
/// Everything behind the addresses: Ethernet type and an IPv4 UDP datagram that fills the frame.
void write_udp(net::ByteSpan frame, const PacketOptions& options) noexcept;

/// A TCP segment of a guest's browser to port 80 of a server, or what a server may send.
struct Segment {
  std::uint64_t client = 0;  ///< number: MAC, address and port come of it
  std::uint8_t flags = 0;
  std::uint32_t sequence = 1'000;
  std::uint32_t acknowledgement = 0;
  std::string_view data{};
};
/// Writes the frame and returns its length, without FCS. `out` has room for it.
[[nodiscard]] std::size_t write_segment(net::ByteSpan out, const Segment& segment) noexcept;

/// An ICMP echo request of a guest's, 64 bytes with FCS.
[[nodiscard]] std::size_t write_ping(net::ByteSpan out, std::uint64_t client) noexcept;

}  // namespace gate511::bench
