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
  kTlsAlert,        ///< a TLS alert and FIN in one segment
  kIcmpProhibited,  ///< ICMP administratively prohibited
};

/// Where the frame that is replied to has what the reply takes over: its addresses and ports are
/// read from its bytes, not kept.
struct Trigger {
  std::uint16_t l3_offset = 0, l4_offset = 0;
  std::uint16_t payload_offset = 0, end = 0;  ///< of what it carries
  bool is_v6 = false;

  Trigger() = default;
  explicit Trigger(const net::Packet& packet) noexcept
      : l3_offset{packet.l3_offset},
        l4_offset{packet.l4_offset},
        payload_offset{packet.payload_offset},
        end{packet.end},
        is_v6{packet.is_v6} {}

  [[nodiscard]] net::IpAddress source(net::ByteView frame) const noexcept {
    return is_v6 ? net::IpAddress::load_v6(frame, l3_offset + 8U)
                 : net::IpAddress::v4(net::load_be32(frame, l3_offset + 12U));
  }
};

struct Plan {
  ReplyKind kind = ReplyKind::kNone;
  std::uint8_t tcp_flags = 0;
  bool with_mss = false;   ///< put our MSS option into the SYN,ACK
  http::SizeClass size{};  ///< of the answer
  std::uint16_t window = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  Trigger trigger;
};
static_assert(sizeof(Plan) <= 32, "a burst has one for each frame");

}  // namespace gate511::responder
