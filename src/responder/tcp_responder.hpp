// SPDX-License-Identifier: BSD-3-Clause
//
// The TCP responder: answers connections of guests without keeping any state. The cookie in our
// initial sequence number and the client's own retransmission do it all. Two rules carry it:
//
// 1. Request bytes are never acknowledged but in the one segment that carries the whole answer and
//    FIN. So an answer always fits one segment.
// 2. Every answer of a size class has the same length. So an acknowledgement number alone tells
//    what the client has, whatever it asked and however its request was cut.
#pragma once

#include "net/frame.hpp"
#include "policy/refusals.hpp"
#include "policy/verdict.hpp"
#include "responder/cookie.hpp"
#include "responder/plan.hpp"

namespace gate511::responder {

/// The window that is advertised until the answer is acknowledged: bytes, small so that an upload
/// draws few copies of the answer.
inline constexpr std::uint16_t kWindow = 5840;

/// A guest's segment to one of response.http_ports, or to 443 where that is answered by an alert:
/// `service` says which. `frame`: whose packet `packet` is, free of flaws. `refusals`: for resets.
/// Writes `plan` where the verdict is an answer.
[[nodiscard]] policy::Verdict respond(net::ByteView frame, const net::Packet& packet,
                                      const ConnectionId& id, Service service,
                                      const CookieKeys& keys, policy::Refusals& refusals,
                                      Plan& plan) noexcept;

/// A segment whose acknowledgement number only a connection of ours has, as far as the cookie can
/// tell: of numbers in no order 1,202 in 2^28 pass for it.
[[nodiscard]] bool is_ours(const net::Packet& packet, const ConnectionId& id,
                           const CookieKeys& keys) noexcept;

/// True where source and destination are two different hosts', so that a reply can go back.
[[nodiscard]] bool may_reply(const net::Ethernet& ethernet, const net::Packet& packet) noexcept;

/// TCP or UDP that is to be refused, which counts as `verdict`: a reset (RFC 9293, 3.10.7.1) or
/// ICMP administratively prohibited; or nothing, if it is none that draws one. Writes `plan` where
/// the verdict is an answer.
[[nodiscard]] policy::Verdict refuse(net::ByteView frame, const net::Packet& packet,
                                     policy::Verdict verdict, Plan& plan) noexcept;

}  // namespace gate511::responder
