// SPDX-License-Identifier: BSD-3-Clause
//
// What the responder has decided to send for a frame. Decided for a whole burst first, written
// when a buffer is at hand.
#pragma once

#include <cstdint>

#include "http/answers.hpp"
#include "net/frame.hpp"

namespace gate511::responder {

enum class ReplyKind : std::uint8_t {
  kNone,
  kTcp,             ///< a TCP segment without data: SYN,ACK, ACK or RST
  kPage,            ///< the answer and FIN in one segment
  kIcmpProhibited,  ///< ICMP administratively prohibited
};

struct Plan {
  ReplyKind kind = ReplyKind::kNone;
  std::uint8_t tcp_flags = 0;
  bool with_mss = false;   ///< put our MSS option into the SYN,ACK
  http::SizeClass size{};  ///< of the answer
  std::uint16_t window = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  net::Packet packet;  ///< the frame that is replied to
};

}  // namespace gate511::responder
