// SPDX-License-Identifier: BSD-3-Clause
#include "responder/reply_writer.hpp"

#include <algorithm>
#include <cassert>

#include "net/checksum.hpp"
#include "responder/cookie.hpp"

namespace gate511::responder {
namespace {

using net::ByteSpan;
using net::ByteView;

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kMssOption = 4;
constexpr std::size_t kIcmpHeader = 8;
constexpr std::uint8_t kTtl = 64;

std::size_t ip_header(const Trigger& to) noexcept {
  return to.is_v6 ? kIpv6Header : kIpv4Header;
}

/// Headers up to the transport header, whose place is returned. `length`: of transport and data.
std::size_t write_ip(ByteView trigger, const Trigger& to, std::uint8_t protocol, std::size_t length,
                     ByteSpan out) noexcept {
  net::store_bytes(out, 0, trigger.subspan(6, 6));
  net::store_bytes(out, 6, trigger.subspan(0, 6));
  net::store_bytes(out, 12, trigger.subspan(12, std::size_t{to.l3_offset} - 12));
  const std::size_t at = to.l3_offset;
  if (to.is_v6) {
    net::store_be(out, at, std::uint32_t{0x6000'0000});
    net::store_be(out, at + 4, static_cast<std::uint16_t>(length));
    net::store_be(out, at + 6, protocol);
    net::store_be(out, at + 7, kTtl);
    net::store_bytes(out, at + 8, trigger.subspan(at + 24, 16));
    net::store_bytes(out, at + 24, trigger.subspan(at + 8, 16));
  } else {
    constexpr std::uint16_t kDontFragment = 0x4000;
    net::store_be(out, at, std::uint16_t{0x4500});
    net::store_be(out, at + 2, static_cast<std::uint16_t>(kIpv4Header + length));
    net::store_be(out, at + 4, std::uint16_t{0});  // RFC 6864, 4.1: an atomic datagram needs no ID
    net::store_be(out, at + 6, kDontFragment);
    net::store_be(out, at + 8, kTtl);
    net::store_be(out, at + 9, protocol);
    net::store_be(out, at + 10, std::uint16_t{0});
    net::store_bytes(out, at + 12, trigger.subspan(at + 16, 4));
    net::store_bytes(out, at + 16, trigger.subspan(at + 12, 4));
    const auto checksum =
        static_cast<std::uint16_t>(~net::fold(net::sum(out.subspan(at, kIpv4Header))));
    net::store_be(out, at + 10, checksum);
  }
  return at + ip_header(to);
}

/// Padded as Ethernet wants it, but never to more than the trigger was: a medium that delivers
/// shorter frames takes them too.
std::size_t pad(ByteView trigger, std::size_t length, ByteSpan out) noexcept {
  const std::size_t padded = std::max(length, std::min(trigger.size(), net::kMinFrame));
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(length),
            out.begin() + static_cast<std::ptrdiff_t>(padded), std::byte{0});
  return padded;
}

/// The TCP header without its checksum. `at`: its place; `header`: its length.
void write_tcp_header(ByteView trigger, const Plan& plan, std::size_t at, std::size_t header,
                      ByteSpan out) noexcept {
  net::store_bytes(out, at, trigger.subspan(plan.trigger.l4_offset + 2U, 2));
  net::store_bytes(out, at + 2, trigger.subspan(plan.trigger.l4_offset, 2));
  net::store_be(out, at + 4, plan.sequence);
  net::store_be(out, at + 8, plan.acknowledgement);
  net::store_be(out, at + 12, static_cast<std::uint8_t>(header / 4 << 4));
  net::store_be(out, at + 13, plan.tcp_flags);
  net::store_be(out, at + 14, plan.window);
  net::store_be(out, at + 16, std::uint32_t{0});  // checksum, urgent pointer
}

/// Over transport and data from `at` on, and the pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1),
/// whose addresses stand in `out` already. `checksum_at`: where it goes.
void finish_checksum(const Trigger& to, std::uint8_t protocol, std::size_t at, std::size_t length,
                     std::size_t checksum_at, ByteSpan out) noexcept {
  const ByteView addresses =
      to.is_v6 ? out.subspan(to.l3_offset + 8U, 32) : out.subspan(to.l3_offset + 12U, 8);
  const std::uint64_t sum =
      net::sum(addresses) + protocol + length + net::sum(out.subspan(at, length));
  net::store_be(out, checksum_at, static_cast<std::uint16_t>(~net::fold(sum)));
}

/// What is quoted in an ICMP error: the IP header and 8 bytes of its payload (RFC 792), which tell
/// the sender's kernel which socket is meant. More would be a larger reply than what drew it.
std::size_t quoted_bytes(const Trigger& to) noexcept {
  const std::size_t whole = std::size_t{to.end} - to.l3_offset;
  const std::size_t headers = std::size_t{to.l4_offset} - to.l3_offset + 8;
  constexpr std::size_t kMost = 512;  // a chain of extension headers may be kilobytes long
  return std::min({whole, headers, kMost});
}

}  // namespace

std::size_t write_tcp(ByteView trigger, const Plan& plan, ByteSpan out) noexcept {
  const Trigger& to = plan.trigger;
  const std::size_t header = kTcpHeader + (plan.with_mss ? kMssOption : 0);
  const std::size_t at = write_ip(trigger, to, net::protocol::kTcp, header, out);
  write_tcp_header(trigger, plan, at, header, out);
  if (plan.with_mss) {
    // What an Ethernet of 1,500 bytes carries (RFC 9293, 3.7.1).
    constexpr std::uint32_t kMssV4 = 1460, kMssV6 = 1440;
    constexpr std::uint32_t kKindAndLength = 0x0204'0000;
    net::store_be(out, at + kTcpHeader, kKindAndLength | (to.is_v6 ? kMssV6 : kMssV4));
  }
  finish_checksum(to, net::protocol::kTcp, at, header, at + 16, out);
  return pad(trigger, at + header, out);
}

WrittenPage write_page(ByteView trigger, const Plan& plan, const http::Answers& answers,
                       http::ProbeAsker probes, const http::LinkKey& key,
                       const http::LoginClaim& claim, ByteSpan out) noexcept {
  const Trigger& to = plan.trigger;
  const std::size_t body = http::answer_bytes(plan.size);
  const std::size_t length = kTcpHeader + body;
  const std::size_t at = write_ip(trigger, to, net::protocol::kTcp, length, out);
  write_tcp_header(trigger, plan, at, kTcpHeader, out);
  const ByteView request =
      trigger.subspan(to.payload_offset, std::size_t{to.end} - to.payload_offset);
  const http::Choice choice =
      answers.write(plan.size, request, probes, key, claim, out.subspan(at + kTcpHeader, body));
  finish_checksum(to, net::protocol::kTcp, at, length, at + 16, out);
  return {at + length, choice};
}

std::size_t write_tls_alert(ByteView trigger, const Plan& plan, ByteSpan out) noexcept {
  const Trigger& to = plan.trigger;
  constexpr std::size_t kLength = kTcpHeader + kTlsAlertRecord.size();
  const std::size_t at = write_ip(trigger, to, net::protocol::kTcp, kLength, out);
  write_tcp_header(trigger, plan, at, kTcpHeader, out);
  net::store_bytes(out, at + kTcpHeader, std::as_bytes(std::span{kTlsAlertRecord}));
  finish_checksum(to, net::protocol::kTcp, at, kLength, at + 16, out);
  return pad(trigger, at + kLength, out);
}

std::size_t icmp_prohibited_bytes(ByteView trigger, const Trigger& to) noexcept {
  const std::size_t length = to.l3_offset + ip_header(to) + kIcmpHeader + quoted_bytes(to);
  return std::max(length, std::min(trigger.size(), net::kMinFrame));
}

std::size_t write_icmp_prohibited(ByteView trigger, const Trigger& to, ByteSpan out) noexcept {
  const std::size_t quoted = quoted_bytes(to);
  const std::size_t length = kIcmpHeader + quoted;
  const std::uint8_t protocol = to.is_v6 ? net::protocol::kIcmpv6 : net::protocol::kIcmp;
  const std::size_t at = write_ip(trigger, to, protocol, length, out);
  constexpr std::uint16_t kProhibitedV4 = 3 << 8 | 13;
  constexpr std::uint16_t kProhibitedV6 = 1 << 8 | 1;
  net::store_be(out, at, to.is_v6 ? kProhibitedV6 : kProhibitedV4);
  net::store_be(out, at + 2, std::uint16_t{0});
  net::store_be(out, at + 4, std::uint32_t{0});
  net::store_bytes(out, at + kIcmpHeader, trigger.subspan(to.l3_offset, quoted));
  if (to.is_v6) {
    finish_checksum(to, protocol, at, length, at + 2, out);
  } else {
    // RFC 792: without a pseudo-header.
    net::store_be(out, at + 2,
                  static_cast<std::uint16_t>(~net::fold(net::sum(out.subspan(at, length)))));
  }
  return pad(trigger, at + length, out);
}

}  // namespace gate511::responder
