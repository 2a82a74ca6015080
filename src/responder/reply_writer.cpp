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

constexpr std::size_t kTcpChecksumAt = 16;
constexpr std::size_t kMssOption = 4;
constexpr std::uint8_t kTtl = 64;

std::size_t ip_header(const Trigger& to) noexcept {
  return to.is_v6 ? net::kIpv6Header : net::kIpv4Header;
}

/// Writes headers as the RFCs draw them, 32 bits at a time, and adds them up on the way: what is
/// read back at once waits for the stores.
class Words {
 public:
  Words(ByteSpan out, std::size_t at) noexcept : out_{out}, at_{at} {}
  void put(std::uint32_t word) noexcept {
    net::store_be(out_, at_, word);
    at_ += sizeof word;
    sum_ += (word >> 16) + (word & 0xffff);
  }
  /// Copies.
  void put(ByteView bytes) noexcept {
    for (std::size_t at = 0; at < bytes.size(); at += 4) put(net::load_be32(bytes, at));
  }
  /// Of what was written (RFC 1071), not folded.
  [[nodiscard]] std::uint64_t sum() const noexcept { return sum_; }

 private:
  ByteSpan out_;
  std::size_t at_;
  std::uint64_t sum_ = 0;
};

std::uint16_t checksum(std::uint64_t sum) noexcept {
  return static_cast<std::uint16_t>(~net::fold(sum));
}

struct IpWritten {
  std::size_t behind;        ///< where the transport header goes
  std::uint64_t pseudo_sum;  ///< of the pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1)
};

/// Headers up to the transport header. `length`: of transport and data.
IpWritten write_ip(ByteView trigger, const Trigger& to, std::uint8_t protocol, std::size_t length,
                   ByteSpan out) noexcept {
  net::store_bytes(out, 0, trigger.subspan(6, 6));
  net::store_bytes(out, 6, trigger.subspan(0, 6));
  net::store_bytes(out, 12, trigger.subspan(12, std::size_t{to.l3_offset} - 12));
  const std::size_t at = to.l3_offset;
  const std::size_t address = to.is_v6 ? 16 : 4;
  const std::size_t addresses = at + ip_header(to) - 2 * address;
  Words swapped{out, addresses};
  swapped.put(trigger.subspan(addresses + address, address));
  swapped.put(trigger.subspan(addresses, address));
  Words header{out, at};
  if (to.is_v6) {
    header.put(0x6000'0000);
    header.put(static_cast<std::uint32_t>(length << 16) | std::uint32_t{protocol} << 8 | kTtl);
  } else {
    constexpr std::uint32_t kDontFragment = 0x4000;  // and no ID: RFC 6864, 4.1
    header.put(0x4500'0000 | static_cast<std::uint32_t>(net::kIpv4Header + length));
    header.put(kDontFragment);
    header.put(std::uint32_t{kTtl} << 24 | std::uint32_t{protocol} << 16);
    net::store_be(out, at + 10, checksum(header.sum() + swapped.sum()));
  }
  return {at + ip_header(to), swapped.sum() + protocol + length};
}

/// Padded as Ethernet wants it, but never to more than the trigger was: a medium that delivers
/// shorter frames takes them too.
std::size_t pad(ByteView trigger, std::size_t length, ByteSpan out) noexcept {
  const std::size_t padded = std::max(length, std::min(trigger.size(), net::kMinFrame));
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(length),
            out.begin() + static_cast<std::ptrdiff_t>(padded), std::byte{0});
  return padded;
}

/// The TCP header without its checksum. `header`: its length.
void write_tcp_header(ByteView trigger, const Plan& plan, std::size_t header, Words& out) noexcept {
  const std::uint32_t ports = net::load_be32(trigger, plan.trigger.l4_offset);
  out.put(ports << 16 | ports >> 16);
  out.put(plan.sequence);
  out.put(plan.acknowledgement);
  out.put(static_cast<std::uint32_t>(header / 4 << 28) | std::uint32_t{plan.tcp_flags} << 16 |
          plan.window);
  out.put(0);  // checksum, urgent pointer
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
  const std::size_t length = net::kTcpHeader + (plan.with_mss ? kMssOption : 0);
  const auto [at, pseudo_sum] = write_ip(trigger, to, net::protocol::kTcp, length, out);
  Words header{out, at};
  write_tcp_header(trigger, plan, length, header);
  if (plan.with_mss) {
    // What an Ethernet of 1,500 bytes carries (RFC 9293, 3.7.1).
    constexpr std::uint32_t kMssV4 = 1460, kMssV6 = 1440;
    constexpr std::uint32_t kKindAndLength = 0x0204'0000;
    header.put(kKindAndLength | (to.is_v6 ? kMssV6 : kMssV4));
  }
  net::store_be(out, at + kTcpChecksumAt, checksum(pseudo_sum + header.sum()));
  return pad(trigger, at + length, out);
}

WrittenPage write_page(ByteView trigger, const Plan& plan, const http::Answers& answers,
                       http::ProbeAsker probes, const http::LinkKey& key,
                       const http::LoginClaim& claim, Summed summed, ByteSpan out) noexcept {
  const Trigger& to = plan.trigger;
  const std::size_t length = net::kTcpHeader + http::answer_bytes(plan.size);
  const auto [at, pseudo_sum] = write_ip(trigger, to, net::protocol::kTcp, length, out);
  Words header{out, at};
  write_tcp_header(trigger, plan, net::kTcpHeader, header);
  const ByteView request =
      trigger.subspan(to.payload_offset, std::size_t{to.end} - to.payload_offset);
  const ByteSpan body = out.subspan(at + net::kTcpHeader, http::answer_bytes(plan.size));
  const http::Choice choice = answers.write(plan.size, request, probes, key, claim, body);
  const std::uint16_t sum = summed == Summed::kByPort
                                ? net::fold(pseudo_sum)
                                : checksum(pseudo_sum + header.sum() + net::sum(body));
  net::store_be(out, at + kTcpChecksumAt, sum);
  return {at + length, choice};
}

std::size_t write_tls_alert(ByteView trigger, const Plan& plan, ByteSpan out) noexcept {
  constexpr std::size_t kLength = net::kTcpHeader + kTlsAlertRecord.size();
  const ByteView record = std::as_bytes(std::span{kTlsAlertRecord});
  const auto [at, pseudo_sum] = write_ip(trigger, plan.trigger, net::protocol::kTcp, kLength, out);
  Words header{out, at};
  write_tcp_header(trigger, plan, net::kTcpHeader, header);
  net::store_bytes(out, at + net::kTcpHeader, record);
  net::store_be(out, at + kTcpChecksumAt, checksum(pseudo_sum + header.sum() + net::sum(record)));
  return pad(trigger, at + kLength, out);
}

std::size_t icmp_prohibited_bytes(ByteView trigger, const Trigger& to) noexcept {
  const std::size_t length = to.l3_offset + ip_header(to) + net::kIcmpHeader + quoted_bytes(to);
  return std::max(length, std::min(trigger.size(), net::kMinFrame));
}

std::size_t write_icmp_prohibited(ByteView trigger, const Trigger& to, ByteSpan out) noexcept {
  const ByteView quoted = trigger.subspan(to.l3_offset, quoted_bytes(to));
  const std::size_t length = net::kIcmpHeader + quoted.size();
  const std::uint8_t protocol = to.is_v6 ? net::protocol::kIcmpv6 : net::protocol::kIcmp;
  const auto [at, pseudo_sum] = write_ip(trigger, to, protocol, length, out);
  constexpr std::uint32_t kProhibitedV4 = 0x030d'0000, kProhibitedV6 = 0x0101'0000;
  Words header{out, at};
  header.put(to.is_v6 ? kProhibitedV6 : kProhibitedV4);
  header.put(0);
  net::store_bytes(out, at + net::kIcmpHeader, quoted);
  // RFC 792: ICMP has no pseudo-header.
  const std::uint64_t sum = header.sum() + net::sum(quoted) + (to.is_v6 ? pseudo_sum : 0);
  net::store_be(out, at + 2, checksum(sum));
  return pad(trigger, at + length, out);
}

}  // namespace gate511::responder
