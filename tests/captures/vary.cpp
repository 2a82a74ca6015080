// SPDX-License-Identifier: BSD-3-Clause
#include "captures/vary.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string_view>

#include "net/bytes.hpp"
#include "net/checksum.hpp"
#include "net/ip.hpp"

namespace gate511::captures {
namespace {

using Random = std::mt19937;
using Octets = std::vector<std::byte>;

constexpr std::size_t kHeaders = 100;  ///< octets that headers stand in, of nearly all frames

std::size_t below(Random& random, std::size_t end) {
  return end == 0 ? 0 : random() % end;
}

void flip(Octets& frame, Random& random) {
  for (std::size_t times = 1 + below(random, 3); times > 0 && !frame.empty(); --times)
    frame[below(random, std::min(frame.size(), kHeaders))] = static_cast<std::byte>(random());
}

void put_number(Octets& frame, Random& random) {
  constexpr std::array<std::uint16_t, 18> kNumbers{
      0, 1, 8, 20, 40, 53, 67, 68, 80, 123, 443, 546, 547, 0x0800, 0x86dd, 0x8100, 0xffff, 0x3a00};
  if (frame.size() < 16) return;
  const std::size_t at = 12 + below(random, std::min(frame.size(), kHeaders) - 13) / 2 * 2;
  net::store_be(frame, std::min(at, frame.size() - 2), kNumbers[below(random, kNumbers.size())]);
}

std::size_t l3_of(const Octets& frame) {
  std::size_t at = 14;
  while (at + 4 <= frame.size() && at < 22 &&
         (net::load_be16(frame, at - 2) == 0x8100 || net::load_be16(frame, at - 2) == 0x88a8))
    at += 4;
  return at;
}

/// To a resolver, a time server, the portal or the garden.
void send_elsewhere(Octets& frame, Random& random) {
  constexpr std::array<std::string_view, 4> kV4{"192.0.2.53", "192.0.2.123", "192.0.2.10",
                                                "192.0.2.11"};
  const std::size_t at = l3_of(frame);
  if (at + 40 > frame.size()) return;
  if (net::load_be16(frame, at - 2) == 0x0800) {
    const net::IpAddress to = *net::parse_ip(kV4[below(random, kV4.size())]);
    net::store_be(frame, at + 16, static_cast<std::uint32_t>(to.low));
  } else if (net::load_be16(frame, at - 2) == 0x86dd) {
    const net::IpAddress to =
        *net::parse_ip(below(random, 2) == 0 ? "2001:db8::53" : "2001:db8::10");
    net::store_be(frame, at + 24, to.high);
    net::store_be(frame, at + 32, to.low);
  }
}

void change(Octets& frame, Random& random) {
  switch (below(random, 4)) {
    case 0:
      flip(frame, random);
      break;
    case 1:
      put_number(frame, random);
      break;
    case 2:
      send_elsewhere(frame, random);
      break;
    default:
      frame.resize(below(random, frame.size() + 1));
  }
}

}  // namespace

std::vector<CapturedFrame> vary(const std::vector<CapturedFrame>& frames, std::size_t variants) {
  std::vector<CapturedFrame> varied;
  Random random{511};
  for (std::size_t round = 0; round < variants; ++round) {
    for (const CapturedFrame& frame : frames) {
      CapturedFrame other = frame;
      change(other.bytes, random);
      if (below(random, 2) == 0) change(other.bytes, random);
      if (below(random, 4) != 0) mend_ipv4(other.bytes);
      varied.push_back(std::move(other));
    }
  }
  return varied;
}

void mend_ipv4(std::vector<std::byte>& frame) {
  const std::size_t at = l3_of(frame);
  if (at + 20 > frame.size() || net::load_be16(frame, at - 2) != 0x0800) return;
  const std::size_t header = (std::size_t{net::load_u8(frame, at)} & 0xf) * 4;
  if (header < 20 || at + header > frame.size()) return;
  net::store_be(frame, at + 10, std::uint16_t{0});
  const auto sum = net::fold(net::sum(net::ByteView{frame}.subspan(at, header)));
  net::store_be(frame, at + 10, static_cast<std::uint16_t>(~sum));
}

}  // namespace gate511::captures
