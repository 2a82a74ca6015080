// SPDX-License-Identifier: BSD-3-Clause
//
// Segments of a guest, of a connection that the responder knows or of none, with any flags,
// numbers, options and data: what comes back is one frame that is well formed, an answer of exactly
// its class's length, and never larger than its trigger before the cookie has verified.
#include <algorithm>

#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "net/checksum.hpp"
#include "support/gateway.hpp"

namespace {

using namespace gate511;
using fuzz::require;
using policy::Verdict;

struct Link {
  bool v6;
  unsigned tags;
  std::uint16_t port;

  [[nodiscard]] test::FrameBuilder segment(unsigned flags) const {
    test::FrameBuilder frame;
    if (tags > 1) frame.tag(100, 0x88a8);
    if (tags > 0) frame.tag(10);
    return v6 ? frame.ip("2001:db8::101", "2001:db8:80::80").tcp(40000, port, flags)
              : frame.ip("192.0.2.101", "198.51.100.80").tcp(40000, port, flags);
  }
};

/// Lengths and checksums, by the parser and the sums alone.
net::Packet check_reply(const test::Bytes& frame) {
  const net::Ethernet ethernet = net::parse_ethernet(frame);
  require(ethernet.flaw == net::Flaw::kNone, "a reply is an Ethernet frame");
  const net::Packet packet = net::parse_packet(frame, ethernet);
  require(packet.flaw == net::Flaw::kNone, "a reply is a packet");
  const std::size_t length = std::size_t{packet.end} - packet.l4_offset;
  if (packet.protocol == net::protocol::kTcp) {
    require(net::fold(
                net::pseudo_header_sum(packet.source, packet.destination, packet.protocol, length) +
                net::sum(net::ByteView{frame}.subspan(packet.l4_offset, length))) == 0xffff,
            "a reply's checksum is right");
  }
  require(frame.size() <= std::max<std::size_t>(60, packet.end), "nothing stands behind a reply");
  return packet;
}

void check(const test::Bytes& trigger, const test::Outcome& outcome) {
  if (outcome.reply.empty()) return;
  const net::Packet packet = check_reply(outcome.reply);
  switch (outcome.verdict) {
    case Verdict::kPage: {
      const std::size_t length = packet.payload_size();
      require(length == 1200 || length == 536 || length == 88,
              "an answer is of its class's length");
      require((packet.tcp_flags & net::tcp_flag::kFin) != 0, "an answer ends the connection");
      break;
    }
    case Verdict::kHttpsAlert:
      require(packet.payload_size() == 7, "an alert is an alert");
      break;
    default:
      require(outcome.reply.size() <= std::max<std::size_t>(trigger.size(), 60) + 4,
              "nothing larger than its trigger is sent, but for the MSS option");
      require(packet.payload_size() == 0 || packet.protocol != net::protocol::kTcp,
              "only an answer has data");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::Gateway::Options options;
  options.https = policy::HttpsPolicy::kAlert;
  static test::Gateway gateway{options};
  fuzz::Input input{data, size};
  const unsigned shape = input.u8();
  const Link link{(shape & 1) != 0, shape >> 1 & 3,
                  static_cast<std::uint16_t>((shape & 8) != 0 ? 443 : 80)};
  std::vector<std::byte> option = input.bytes(40);
  option.resize(option.size() / 4 * 4);
  const test::Bytes syn =
      link.segment(net::tcp_flag::kSyn).seq(1).window(input.u16()).tcp_options(option).build();
  const test::Outcome opened = gateway.from_access(syn);
  check(syn, opened);
  std::uint32_t cookie = 0;
  if (!opened.reply.empty()) cookie = check_reply(opened.reply).sequence;
  while (!input.empty()) {
    const unsigned flags = input.u8();
    const std::uint32_t ack = cookie + input.u16() % 1300;
    std::vector<std::byte> more = input.bytes(40);
    more.resize(more.size() / 4 * 4);
    const test::Bytes frame = link.segment(flags)
                                  .seq(static_cast<std::uint32_t>(input.u16()) * 70'001U)
                                  .ack((flags & 0x80) != 0 ? input.u16() : ack)
                                  .window(input.u16())
                                  .tcp_options(more)
                                  .data(input.bytes(1400))
                                  .build();
    check(frame, gateway.from_access(frame));
  }
  return 0;
}
