// SPDX-License-Identifier: BSD-3-Clause
//
// Writes the frames of our own: MACs, addresses and ports of the frame that is replied to swapped,
// its VLAN tags kept, lengths and checksums made.
#pragma once

#include <cstddef>
#include <cstdint>

#include "http/answers.hpp"
#include "http/login_link.hpp"
#include "net/frame.hpp"
#include "responder/plan.hpp"

namespace gate511::responder {

/// The longest reply: Ethernet, two tags, IPv6, TCP and a full answer. An ICMP error is shorter.
inline constexpr std::size_t kMaxReply = net::kEthernetBytes + net::kMaxTags * net::kTagBytes + 40 +
                                         20 + http::answer_bytes(http::SizeClass::kFull);

/// A TCP segment without data. Returns the frame's length.
[[nodiscard]] std::size_t write_tcp(net::ByteView trigger, const Plan& plan,
                                    net::ByteSpan out) noexcept;

/// Who adds up the bytes of a page for its TCP checksum: the port, once it sends the frame, for
/// which the sum of the pseudo-header stands in the checksum's place.
enum class Summed : bool { kHere, kByPort };

/// The answer and FIN in one segment. `claim`: of the login link.
struct WrittenPage {
  std::size_t bytes;    ///< the frame's length
  http::Choice choice;  ///< what the answer is
};
[[nodiscard]] WrittenPage write_page(net::ByteView trigger, const Plan& plan,
                                     const http::Answers& answers, http::ProbeAsker probes,
                                     const http::LinkKey& key, const http::LoginClaim& claim,
                                     Summed summed, net::ByteSpan out) noexcept;

/// A TLS alert (kTlsAlertRecord) and FIN in one segment.
[[nodiscard]] std::size_t write_tls_alert(net::ByteView trigger, const Plan& plan,
                                          net::ByteSpan out) noexcept;

/// ICMP destination unreachable, communication administratively prohibited: RFC 1812, 5.2.7.1
/// (type 3, code 13) or RFC 4443, 3.1 (type 1, code 1).
[[nodiscard]] std::size_t write_icmp_prohibited(net::ByteView trigger, const Trigger& to,
                                                net::ByteSpan out) noexcept;

/// The length of what write_icmp_prohibited would write.
[[nodiscard]] std::size_t icmp_prohibited_bytes(net::ByteView trigger, const Trigger& to) noexcept;

}  // namespace gate511::responder
