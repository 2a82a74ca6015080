// SPDX-License-Identifier: BSD-3-Clause
//
// Neighbour discovery, ARP and DHCP on the uplink, and what is learnt of routers from them: only of
// who speaks for itself on the link, and of what is wanted. From the access side each router
// advertisement meets the guard.
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "pipeline/uplink_sighting.hpp"
#include "policy/guards.hpp"
#include "support/frame_builder.hpp"

namespace {

using namespace gate511;
using fuzz::require;
using pipeline::SightingSource;

test::Bytes frame_from(fuzz::Input& input) {
  const unsigned shape = input.u8();
  test::FrameBuilder frame;
  if ((shape & 0x80) != 0) frame.tag(10);
  const char* const from = (shape & 0x40) != 0 ? "fe80::1" : "2001:db8::1";
  switch (shape % 4) {
    case 0:
    case 1: {
      constexpr std::array<std::uint8_t, 5> kTypes{134, 134, 135, 136, 137};
      frame.ip(from, (shape & 0x20) != 0 ? "ff02::1" : "fe80::101");
      frame.ttl((shape & 0x10) != 0 ? 255 : input.u8());
      if (shape % 4 == 1) {
        test::Bytes body = input.bytes(64);
        body.resize(body.size() / 8 * 8 + 6);
        frame.extension(60, body);
      }
      frame.icmp(kTypes[input.u8() % kTypes.size()], input.u8() & 1, input.bytes(512));
      break;
    }
    case 2:
      frame.type(0x0806, input.bytes(100));
      break;
    default:
      return input.bytes(1500);
  }
  return frame.build();
}

void learn(net::ByteView frame, const net::Ethernet& ethernet) {
  const policy::Infrastructure known{
      {}, {}, {{*net::parse_ip("192.0.2.1"), 0}, {*net::parse_ip("2001:db8::1"), 0}}};
  for (const pipeline::Sighting& seen :
       pipeline::read_uplink_sightings(frame, ethernet, 0, known)) {
    require(pipeline::may_show_router(frame, ethernet), "what shows a router may show one");
    require(seen.client == ethernet.source, "who speaks, speaks for itself");
    switch (seen.source) {
      case SightingSource::kRouterAdvert:
        require(seen.address.is_link_local(),
                "a router advertises itself by its link-local address");
        break;
      case SightingSource::kUplinkNd:
      case SightingSource::kUplinkArp:
        require(known.wants(0, seen.vlan, seen.address), "no more is told than is wanted");
        break;
      default:
        require(seen.source == SightingSource::kDhcpServer ||
                    seen.source == SightingSource::kDhcpRouter,
                "nothing else is told");
        require(seen.address.is_unicast_host(), "a server has a host's address");
    }
  }
}

void guard(net::ByteView frame, const net::Ethernet& ethernet) {
  const net::Packet packet = net::parse_packet(frame, ethernet);
  if (packet.flaw != net::Flaw::kNone || !packet.is_v6 ||
      packet.protocol != net::protocol::kIcmpv6 ||
      (packet.icmp_type != 134 && packet.icmp_type != 137))
    return;
  const auto broken = policy::break_guard(frame, ethernet, 0, policy::Infrastructure{});
  require(policy::may_break_guard(frame, ethernet) && broken &&
              broken->verdict == policy::Verdict::kRouterMessage,
          "no client advertises a router");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{data, size};
  const test::Bytes made = frame_from(input);
  const test::Bytes frame(made.begin(), made.end());
  const net::Ethernet ethernet = net::parse_ethernet(frame);
  if (ethernet.flaw != net::Flaw::kNone) return 0;
  if (pipeline::may_show_router(frame, ethernet)) learn(frame, ethernet);
  guard(frame, ethernet);
  return 0;
}
