// SPDX-License-Identifier: BSD-3-Clause
//
// IPv6 with any chain of extension headers, against the oracle's own reading: a packet that the
// parser finds no flaw in is one, with its transport header in the same place; and what a host
// hears of DHCP servers and routers in it, the guards hear as well.
#include "captures/wire.hpp"
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "policy/guards.hpp"
#include "support/frame_builder.hpp"

namespace {

using namespace gate511;
using fuzz::require;

test::Bytes frame_from(fuzz::Input& input) {
  constexpr std::array<std::uint8_t, 12> kHeaders{0,  43,  44,  60,  60, 51,
                                                  50, 135, 139, 140, 59, 253};
  const unsigned shape = input.u8();
  test::FrameBuilder frame;
  if ((shape & 1) != 0) frame.tag(10);
  frame.ip("fe80::101", (shape & 2) != 0 ? "ff02::1" : "2001:db8::10").ttl(input.u8());
  for (unsigned left = shape >> 2 & 0xf; left > 0; --left) {
    const unsigned header = input.u8();
    test::Bytes body = input.bytes(64);
    body.resize(body.size() / 8 * 8 + 6);
    frame.extension(kHeaders[header % kHeaders.size()], body);
  }
  const unsigned transport = input.u8();
  switch (transport % 4) {
    case 0:
      frame.udp(input.u16(), (transport & 4) != 0 ? 546 : input.u16());
      break;
    case 1:
      frame.icmp((transport & 4) != 0 ? 134 : input.u8(), 0, input.bytes(64));
      break;
    case 2:
      frame.tcp(input.u16(), input.u16(), input.u8());
      break;
    default:
      frame.protocol(input.u8());
  }
  test::Bytes bytes = frame.data(input.bytes(256)).build();
  // Some octets of it are others: lengths above all.
  for (unsigned left = input.u8() % 4; left > 0; --left) {
    const std::size_t at = input.u16() % bytes.size();
    bytes[at] = static_cast<std::byte>(input.u8());
  }
  if ((shape & 0x40) != 0) bytes.resize(input.u16() % (bytes.size() + 1));
  return {bytes.begin(), bytes.end()};
}

void compare(net::ByteView frame, const net::Ethernet& ethernet) {
  const net::Packet packet = net::parse_packet(frame, ethernet);
  if (packet.flaw != net::Flaw::kNone || !packet.is_ip) return;
  try {
    const captures::Datagram other = captures::datagram(frame, captures::carrier(frame));
    require(packet.protocol == other.protocol && packet.l4_offset == other.at &&
                packet.end == other.end,
            "the transport header stands where it stands");
    require(packet.source_port == other.port_from && packet.destination_port == other.port_to,
            "ports are as they are");
  } catch (const captures::Denied& denied) {
    require(false, denied.why);
  }
}

void guard(net::ByteView frame, const net::Ethernet& ethernet) {
  captures::Heard heard;
  if (!captures::hear(frame, captures::carrier(frame), heard) || heard.at + 4 > heard.end) return;
  const bool server = heard.protocol == 17 && net::load_be16(frame, heard.at + 2) == 546;
  const auto type = net::load_u8(frame, heard.at);
  const bool router = heard.protocol == 58 && (type == 134 || type == 137);
  if (!heard.v6 || (!server && !router)) return;
  const net::Packet packet = net::parse_packet(frame, ethernet);
  if (packet.flaw == net::Flaw::kBadIpHeader) return;  // IPv4-mapped addresses: no host takes it
  require(policy::may_break_guard(frame, ethernet) &&
              policy::break_guard(frame, ethernet, 0, policy::Infrastructure{}).has_value(),
          "guards hear what hosts hear");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{data, size};
  const test::Bytes frame = frame_from(input);
  const net::Ethernet ethernet = net::parse_ethernet(frame);
  if (ethernet.flaw != net::Flaw::kNone) return 0;
  compare(frame, ethernet);
  guard(frame, ethernet);
  return 0;
}
