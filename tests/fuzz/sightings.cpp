// SPDX-License-Identifier: BSD-3-Clause
//
// A frame, raw or a DHCP message in a good frame, and what it tells of its client. What is told is
// of a station, is an address that a host can have, and comes from the side that may tell it; what
// the cheap first tests turn away tells nothing.

#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "pipeline/sighting.hpp"
#include "pipeline/uplink_sighting.hpp"
#include "policy/guards.hpp"
#include "support/frame_builder.hpp"

namespace {

using namespace gate511;
using fuzz::require;
using pipeline::Direction;
using pipeline::SightingSource;

test::Bytes frame_from(fuzz::Input& input) {
  const unsigned shape = input.u8();
  test::FrameBuilder frame;
  if ((shape & 0x40) != 0) frame.tag(10);
  switch (shape % 6) {
    case 0: {
      test::Bytes message = test::bytes({2, 1, 6, 0});
      message.resize(236);
      message[16] = std::byte{192};
      message[19] = std::byte{7};
      message[28] = std::byte{2};
      const test::Bytes magic = test::bytes({0x63, 0x82, 0x53, 0x63});
      message.insert(message.end(), magic.begin(), magic.end());
      const test::Bytes options = input.bytes(1000);
      message.insert(message.end(), options.begin(), options.end());
      return frame.ip("192.0.2.1", "255.255.255.255").udp(67, 68).data(message).build();
    }
    case 1:
      return frame.ip("fe80::1", "fe80::101").udp(547, 546).data(input.bytes(1000)).build();
    case 2: {
      test::Bytes body(20);
      body[4] = std::byte{0x20};
      body[19] = static_cast<std::byte>(input.u8());
      const test::Bytes rest = input.bytes(80);
      body.insert(body.end(), rest.begin(), rest.end());
      return frame.ip("fe80::101", shape < 128 ? "ff02::1:ff00:1" : "ff02::1")
          .ttl(255)
          .icmp(shape < 128 ? 135 : 136, 0, body)
          .build();
    }
    case 3:
      return frame.type(0x0806, input.bytes(100)).build();
    default:
      return input.bytes(2048);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{data, size};
  const auto direction = (input.u8() & 1) != 0 ? Direction::kFromAccess : Direction::kFromUplink;
  const test::Bytes made = frame_from(input);
  const test::Bytes frame(made.begin(), made.end());
  const net::Ethernet ethernet = net::parse_ethernet(frame);
  if (ethernet.flaw != net::Flaw::kNone) return 0;
  const bool may = pipeline::may_show_client(frame, ethernet);
  const auto seen = pipeline::read_sightings(frame, ethernet, direction, 1);
  const bool control = pipeline::may_be_control(frame, ethernet);
  require(control || (!pipeline::may_show_router(frame, ethernet) &&
                      !policy::may_break_guard(frame, ethernet)),
          "what the cheapest test turns away shows no router and breaks no guard");
  for (const pipeline::Sighting& one : seen) {
    require(control || !may || !one.has_address(),
            "what the cheapest test turns away tells no address");
    require(one.client.is_station(), "a client is a station");
    require(!one.has_address() || one.address.is_unicast_host(), "an address is a host's");
    if (direction == Direction::kFromUplink) {
      require(one.source == SightingSource::kDhcp && one.has_address() && may,
              "from the uplink only bindings");
    } else {
      require(one.client == ethernet.source, "a client speaks for itself");
      require(!one.has_address() || (one.source != SightingSource::kDhcp && may),
              "a request binds nothing");
    }
  }
  return 0;
}
