// SPDX-License-Identifier: BSD-3-Clause
#include "responder/tcp_responder.hpp"

#include <algorithm>
#include <optional>

#include "net/checksum.hpp"

namespace gate511::responder {
namespace {

using net::Packet;
using policy::Verdict;
namespace flag = net::tcp_flag;

constexpr std::uint16_t kWindowAfterAnswer = 65535;  ///< the rest of an upload is let run out

Verdict segment(Verdict verdict, const Packet& packet, std::uint8_t flags, std::uint32_t sequence,
                std::uint32_t acknowledgement, std::uint16_t window, Plan& plan) noexcept {
  plan = {.kind = ReplyKind::kTcp,
          .tcp_flags = flags,
          .window = window,
          .sequence = sequence,
          .acknowledgement = acknowledgement,
          .trigger = Trigger{packet}};
  return verdict;
}

bool has(const Packet& packet, std::uint8_t flags) noexcept {
  return (packet.tcp_flags & flags) != 0;
}

/// SEG.LEN (RFC 9293, 3.4): data, SYN and FIN.
std::uint32_t segment_length(const Packet& packet) noexcept {
  return static_cast<std::uint32_t>(packet.payload_size()) + (has(packet, flag::kFin) ? 1U : 0U) +
         (has(packet, flag::kSyn) ? 1U : 0U);
}

/// kTcpReset or kTcpBadFlags for what never draws a reply.
std::optional<Verdict> check_flags(const Packet& packet) noexcept {
  const bool syn = has(packet, flag::kSyn);
  if (syn && has(packet, flag::kFin | flag::kRst | flag::kAck)) return Verdict::kTcpBadFlags;
  if (has(packet, flag::kRst)) return Verdict::kTcpReset;
  if (!syn && !has(packet, flag::kAck)) return Verdict::kTcpBadFlags;
  return std::nullopt;
}

/// The checksum of TCP or UDP.
bool checksum_is_right(net::ByteView frame, const Packet& packet) noexcept {
  const std::size_t length = std::size_t{packet.end} - packet.l4_offset;
  // RFC 768: zero is none. RFC 8200, 8.1: not so with IPv6.
  if (packet.protocol == net::protocol::kUdp && !packet.is_v6 &&
      net::load_be16(frame, packet.l4_offset + 6U) == 0)
    return true;
  return net::fold(
             net::pseudo_header_sum(packet.source, packet.destination, packet.protocol, length) +
             net::sum(frame.subspan(packet.l4_offset, length))) == 0xffff;
}

/// The MSS option of a SYN (RFC 9293, 3.2), or the default without one (RFC 9293, 3.7.1).
std::size_t maximum_segment(net::ByteView frame, const Packet& packet) noexcept {
  constexpr std::uint8_t kEnd = 0, kNoOperation = 1, kMss = 2, kMssLength = 4;
  std::size_t at = std::size_t{packet.l4_offset} + net::kTcpHeader;
  while (at < packet.payload_offset) {
    const std::uint8_t kind = net::load_u8(frame, at);
    if (kind == kEnd) break;
    if (kind == kNoOperation) {
      ++at;
      continue;
    }
    if (at + 2 > packet.payload_offset) break;
    const std::size_t length = net::load_u8(frame, at + 1);
    if (length < 2 || at + length > packet.payload_offset) break;
    if (kind == kMss && length == kMssLength) return net::load_be16(frame, at + 2);
    at += length;
  }
  return packet.is_v6 ? 1220 : 536;
}

/// By what the client can take in one segment. A small window may yet grow, a small MSS does not.
CookieClass choose_class(std::size_t mss, std::size_t window) noexcept {
  const auto needs = [](CookieClass size) { return answer_bytes(size, Service::kHttp); };
  if (mss < needs(CookieClass::kTiny)) return CookieClass::kNoRoom;
  const std::size_t room = std::min(mss, window);
  if (room >= needs(CookieClass::kFull)) return CookieClass::kFull;
  if (room >= needs(CookieClass::kCompact)) return CookieClass::kCompact;
  return CookieClass::kTiny;
}

Verdict accept(net::ByteView frame, const Packet& packet, const ConnectionId& id,
               const CookieKeys& keys, Plan& plan) noexcept {
  const CookieClass size = choose_class(maximum_segment(frame, packet), packet.window);
  // A SYN's data is not acknowledged and so comes again (RFC 9293, 3.10.7.4; RFC 7413, 4.2).
  const Verdict verdict = segment(Verdict::kSynAck, packet, flag::kSyn | flag::kAck,
                                  issue_cookie(keys, id, size), packet.sequence + 1, kWindow, plan);
  plan.with_mss = packet.payload_offset > packet.l4_offset + net::kTcpHeader;
  return verdict;
}

Verdict answer(const Packet& packet, const CookieMatch& match, Service service,
               Plan& plan) noexcept {
  const std::size_t length = answer_bytes(match.size, service);
  if (match.size == CookieClass::kNoRoom || packet.window < length) return Verdict::kTcpNoRoom;
  const std::uint32_t cookie_plus_1 = packet.acknowledgement - match.acknowledged;
  const Verdict verdict = segment(service == Service::kTls ? Verdict::kHttpsAlert : Verdict::kPage,
                                  packet, flag::kFin | flag::kPsh | flag::kAck, cookie_plus_1,
                                  packet.sequence + segment_length(packet), kWindow, plan);
  plan.kind = service == Service::kTls ? ReplyKind::kTlsAlert : ReplyKind::kPage;
  plan.size = static_cast<http::SizeClass>(match.size);
  return verdict;
}

}  // namespace

Verdict respond(net::ByteView frame, const Packet& packet, const ConnectionId& id, Service service,
                const CookieKeys& keys, policy::Refusals& refusals, Plan& plan) noexcept {
  if (const auto silent = check_flags(packet)) return *silent;
  if (!checksum_is_right(frame, packet)) return Verdict::kBadChecksum;
  if (has(packet, flag::kSyn)) return accept(frame, packet, id, keys, plan);

  const auto match = match_cookie(keys, id, packet.acknowledgement, service);
  if (!match) {
    if (const auto none_left = refusals.take()) return *none_left;
    return segment(Verdict::kCookieReset, packet, flag::kRst, packet.acknowledgement, 0, 0, plan);
  }
  if (segment_length(packet) == 0) return Verdict::kTcpPureAck;
  const bool answer_acknowledged = match->size != CookieClass::kNoRoom &&
                                   match->acknowledged == answer_bytes(match->size, service) + 1;
  if (!answer_acknowledged) return answer(packet, *match, service, plan);
  return segment(Verdict::kUploadAck, packet, flag::kAck, packet.acknowledgement,
                 packet.sequence + segment_length(packet), kWindowAfterAnswer, plan);
}

bool is_ours(const Packet& packet, const ConnectionId& id, const CookieKeys& keys) noexcept {
  return has(packet, flag::kAck) && !has(packet, flag::kSyn) &&
         match_cookie(keys, id, packet.acknowledgement, Service::kHttp).has_value();
}

bool may_reply(const net::Ethernet& ethernet, const Packet& packet) noexcept {
  return ethernet.source.is_station() && ethernet.destination.is_station() &&
         ethernet.source != ethernet.destination && packet.source.is_unicast_host() &&
         packet.destination.is_unicast_host() && packet.source != packet.destination;
}

Verdict refuse(net::ByteView frame, const Packet& packet, Verdict verdict, Plan& plan) noexcept {
  const bool tcp = packet.protocol == net::protocol::kTcp;
  if (const auto silent = tcp ? check_flags(packet) : std::nullopt) return *silent;
  if (!checksum_is_right(frame, packet)) return Verdict::kBadChecksum;
  if (!tcp) {
    plan = {.kind = ReplyKind::kIcmpProhibited, .trigger = Trigger{packet}};
    return verdict;
  }
  if (has(packet, flag::kAck))
    return segment(verdict, packet, flag::kRst, packet.acknowledgement, 0, 0, plan);
  return segment(verdict, packet, flag::kRst | flag::kAck, 0,
                 packet.sequence + segment_length(packet), 0, plan);
}

}  // namespace gate511::responder
