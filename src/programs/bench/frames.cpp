// SPDX-License-Identifier: BSD-3-Clause
#include "programs/bench/frames.hpp"

#include <algorithm>

#include "net/checksum.hpp"
#include "net/frame.hpp"

namespace gate511::bench {
namespace {

constexpr std::uint32_t kClientAddress = 0xc633'6407;  // 198.51.100.7
constexpr std::uint32_t kServerAddress = 0xcb00'7109;  // 203.0.113.9

}  // namespace

void write_macs(net::ByteSpan frame, net::MacAddress destination, net::MacAddress source) noexcept {
  net::store_be48(frame, 0, destination.value());
  net::store_be48(frame, 6, source.value());
}

void write_udp(net::ByteSpan frame, const PacketOptions& options) noexcept {
  constexpr std::uint16_t kClientPort = 40'000, kServerPort = 4'000;
  constexpr std::size_t kIpHeader = 20, kUdpHeader = 8;
  std::size_t at = 12;
  if (options.vlan != 0) {
    net::store_be(frame, at, net::ethertype::kVlan);
    net::store_be(frame, at + 2, options.vlan);
    at += net::kTagBytes;
  }
  net::store_be(frame, at, net::ethertype::kIpv4);
  at += 2;
  std::fill(frame.begin() + static_cast<std::ptrdiff_t>(at), frame.end(), std::byte{0});
  const auto length = static_cast<std::uint16_t>(frame.size() - at);
  net::store_be(frame, at, std::uint16_t{0x4500});
  net::store_be(frame, at + 2, length);
  net::store_be(frame, at + 8, std::uint8_t{64});
  net::store_be(frame, at + 9, net::protocol::kUdp);
  const bool up = options.from_access;
  net::store_be(frame, at + 12, up ? kClientAddress : kServerAddress);
  net::store_be(frame, at + 16, up ? kServerAddress : kClientAddress);
  net::store_be(frame, at + 10,
                static_cast<std::uint16_t>(~net::fold(net::sum(frame.subspan(at, kIpHeader)))));
  at += kIpHeader;
  net::store_be(frame, at, up ? kClientPort : kServerPort);
  net::store_be(frame, at + 2, up ? kServerPort : kClientPort);
  net::store_be(frame, at + 4, static_cast<std::uint16_t>(length - kIpHeader));
  static_assert(kIpHeader + kUdpHeader <= 60 - 18);
}

}  // namespace gate511::bench
