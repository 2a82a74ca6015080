// SPDX-License-Identifier: BSD-3-Clause
//
// A guest's connection to the responder, frame by frame, for IPv4 and IPv6, untagged, tagged once
// and twice.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "support/gateway.hpp"

namespace gate511::test {

struct ConnectionCase {
  const char* name;
  const char* source;
  const char* destination;
  std::vector<std::uint16_t> tags;
};

inline const ConnectionCase kConnectionCases[]{
    {"V4", "192.0.2.101", "198.51.100.80", {}},
    {"V4Tagged", "192.0.2.101", "198.51.100.80", {10}},
    {"V4QinQ", "192.0.2.101", "198.51.100.80", {100, 10}},
    {"V6", "2001:db8::101", "2001:db8:80::80", {}},
    {"V6Tagged", "2001:db8::101", "2001:db8:80::80", {10}},
    {"V6QinQ", "2001:db8::101", "2001:db8:80::80", {100, 10}},
};
inline std::string name_of_case(const testing::TestParamInfo<ConnectionCase>& info) {
  return info.param.name;
}

/// S, A, N are SEG.SEQ, SEG.ACK and the data's length; c is our initial sequence number.
class Connection : public testing::TestWithParam<ConnectionCase> {
 protected:
  static constexpr unsigned kSyn = net::tcp_flag::kSyn, kAck = net::tcp_flag::kAck,
                            kFin = net::tcp_flag::kFin, kPsh = net::tcp_flag::kPsh,
                            kRst = net::tcp_flag::kRst;
  static constexpr std::uint32_t kS = 0xffff'fff0;  // sequence numbers wrap early in each test

  FrameBuilder segment(unsigned flags) const {
    FrameBuilder frame;
    const std::uint16_t types[] = {0x88a8, 0x8100};
    const auto& tags = GetParam().tags;
    for (std::size_t i = 0; i < tags.size(); ++i) frame.tag(tags[i], types[i + 2 - tags.size()]);
    return frame.ip(GetParam().source, GetParam().destination).tcp(40000, 80, flags);
  }
  static Bytes mss_option(unsigned mss) { return bytes({2, 4, mss >> 8, mss & 0xff}); }

  /// Opens a connection and returns c.
  std::uint32_t open(unsigned mss = 1440, unsigned window = 64240) {
    const Reply reply =
        gateway.reply_to(segment(kSyn).seq(kS - 1).window(window).tcp_options(mss_option(mss)));
    EXPECT_EQ(reply.packet.tcp_flags, kSyn | kAck);
    return reply.packet.sequence;
  }
  /// The answer to a request on a connection of its own, checked as a segment.
  std::string answer_to(std::string_view request, unsigned mss = 1440) {
    const std::uint32_t c = open(mss);
    const Reply reply = gateway.reply_to(segment(kPsh | kAck).seq(kS).ack(c + 1).data(request));
    EXPECT_EQ(reply.packet.tcp_flags, kFin | kPsh | kAck);
    EXPECT_EQ(reply.packet.sequence, c + 1);
    EXPECT_EQ(reply.packet.acknowledgement, kS + static_cast<std::uint32_t>(request.size()));
    EXPECT_EQ(reply.text.size(), mss >= 1200 ? 1200U : mss >= 536 ? 536U : 88U);
    return reply.text;
  }
  policy::Verdict verdict_of(const FrameBuilder& frame) {
    return gateway.from_access(frame.build()).verdict;
  }
  bool draws_nothing(const FrameBuilder& frame) {
    return gateway.from_access(frame.build()).reply.empty();
  }

  Gateway gateway;
};

}  // namespace gate511::test
