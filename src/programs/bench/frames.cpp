// SPDX-License-Identifier: BSD-3-Clause
#include "programs/bench/frames.hpp"

#include <algorithm>

#include "net/checksum.hpp"
#include "net/frame.hpp"
#include "net/ip.hpp"

namespace gate511::bench {
namespace {

constexpr std::uint32_t kClientAddress = 0xc633'6407;  // 198.51.100.7
constexpr std::uint32_t kServerAddress = 0xcb00'7109;  // 203.0.113.9

constexpr std::size_t kIpHeader = 20;
constexpr std::size_t kIpAt = net::kEthernetBytes;
constexpr std::size_t kTransportAt = kIpAt + kIpHeader;

/// Ethernet and IPv4 of a guest's packet of `length` bytes. Each client has an address of its own.
net::IpAddress write_guest_ip(net::ByteSpan out, std::uint64_t client, std::uint8_t protocol,
                              std::size_t length) noexcept {
  write_macs(out, kRouter, client_mac(client));
  net::store_be(out, 12, net::ethertype::kIpv4);
  std::fill_n(out.begin() + kIpAt, kIpHeader, std::byte{0});
  const auto source =
      static_cast<std::uint32_t>(0xc633'6401 + client % 250);  // 198.51.100.1 and on
  net::store_be(out, kIpAt, std::uint16_t{0x4500});
  net::store_be(out, kIpAt + 2, static_cast<std::uint16_t>(length));
  net::store_be(out, kIpAt + 6, std::uint16_t{0x4000});
  net::store_be(out, kIpAt + 8, std::uint8_t{64});
  net::store_be(out, kIpAt + 9, protocol);
  net::store_be(out, kIpAt + 12, source);
  net::store_be(out, kIpAt + 16, kServerAddress);
  net::store_be(out, kIpAt + 10,
                static_cast<std::uint16_t>(~net::fold(net::sum(out.subspan(kIpAt, kIpHeader)))));
  return net::IpAddress::v4(source);
}

std::size_t padded(net::ByteSpan out, std::size_t length) noexcept {
  const std::size_t size = std::max(length, net::kMinFrame);
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(length),
            out.begin() + static_cast<std::ptrdiff_t>(size), std::byte{0});
  return size;
}

}  // namespace

void write_macs(net::ByteSpan frame, net::MacAddress destination, net::MacAddress source) noexcept {
  net::store_be48(frame, 0, destination.value());
  net::store_be48(frame, 6, source.value());
}

void write_udp(net::ByteSpan frame, const PacketOptions& options) noexcept {
  constexpr std::uint16_t kClientPort = 40'000, kServerPort = 4'000;
  constexpr std::size_t kUdpHeader = 8;
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

std::size_t write_segment(net::ByteSpan out, const Segment& segment) noexcept {
  constexpr std::uint16_t kHttp = 80, kWindow = 64'240;
  constexpr std::uint32_t kMss1460 = 0x0204'05b4;
  const bool syn = (segment.flags & net::tcp_flag::kSyn) != 0;
  const std::size_t header = syn ? 24 : 20;
  const std::size_t length = header + segment.data.size();
  const net::IpAddress source =
      write_guest_ip(out, segment.client, net::protocol::kTcp, kIpHeader + length);
  const std::size_t at = kTransportAt;
  net::store_be(out, at, static_cast<std::uint16_t>(1024 + segment.client % 60'000));
  net::store_be(out, at + 2, kHttp);
  net::store_be(out, at + 4, segment.sequence);
  net::store_be(out, at + 8, segment.acknowledgement);
  net::store_be(out, at + 12, static_cast<std::uint8_t>(header / 4 << 4));
  net::store_be(out, at + 13, segment.flags);
  net::store_be(out, at + 14, kWindow);
  net::store_be(out, at + 16, std::uint32_t{0});
  if (syn) net::store_be(out, at + 20, kMss1460);
  net::store_bytes(out, at + header, net::as_bytes(segment.data));
  const std::uint64_t sum = net::pseudo_header_sum(source, net::IpAddress::v4(kServerAddress),
                                                   net::protocol::kTcp, length) +
                            net::sum(out.subspan(at, length));
  net::store_be(out, at + 16, static_cast<std::uint16_t>(~net::fold(sum)));
  return padded(out, at + length);
}

std::size_t write_ping(net::ByteSpan out, std::uint64_t client) noexcept {
  constexpr std::size_t kIcmpBytes = 26;
  static_cast<void>(write_guest_ip(out, client, net::protocol::kIcmp, kIpHeader + kIcmpBytes));
  std::fill_n(out.begin() + kTransportAt, kIcmpBytes, std::byte{0});
  constexpr std::uint16_t kEcho = 0x0800;
  net::store_be(out, kTransportAt, kEcho);
  net::store_be(out, kTransportAt + 2, static_cast<std::uint16_t>(~kEcho));
  return padded(out, kTransportAt + kIcmpBytes);
}

}  // namespace gate511::bench
