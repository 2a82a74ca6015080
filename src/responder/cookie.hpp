// SPDX-License-Identifier: BSD-3-Clause
//
// The cookie: our initial sequence number, from which a later segment of the same connection is
// known again without any state (RFC 4987, 3.6).
//
//   bits 31-30  epoch: which of the four live keys made it
//   bits 29-28  class: which size the answer will have; fixed at the SYN
//   bits 27-0   SipHash-2-4 of link, VLAN, client MAC, addresses, ports, epoch and class
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "net/ip.hpp"
#include "net/mac.hpp"
#include "net/siphash.hpp"

namespace gate511::responder {

/// Four live keys; the newest issues. Replaced whole by the control thread every 64 s and read by
/// the workers, so a cookie verifies for 192 to 256 s.
struct CookieKeys {
  static constexpr std::uint32_t kRotation_s = 64;
  std::array<net::SipKey, 4> key{};  ///< by epoch
  std::uint8_t newest = 0;           ///< epoch, 0-3

  /// The next set: the oldest key replaced by `fresh`, which issues from then on.
  [[nodiscard]] CookieKeys rotated(net::SipKey fresh) const noexcept {
    CookieKeys next = *this;
    next.newest = static_cast<std::uint8_t>((newest + 1) & 3);
    next.key[next.newest] = fresh;
    return next;
  }
};

/// The size class a connection was given at its SYN, as in the cookie.
enum class CookieClass : std::uint8_t { kFull, kCompact, kTiny, kNoRoom };

/// What a connection is known by, as seen from the client's frames.
struct ConnectionId {
  std::uint8_t link = 0;
  std::uint16_t vlan = 0;
  net::MacAddress client;
  net::IpAddress source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
};

/// What answers a connection.
enum class Service : std::uint8_t {
  kHttp,
  kTls,  ///< a fatal alert, whatever the class
};

/// RFC 8446, 6: a record of a fatal alert, internal_error.
inline constexpr std::array<std::uint8_t, 7> kTlsAlertRecord{21, 3, 3, 0, 2, 2, 80};

/// Length of the answer that a connection of this class gets; 0 for kNoRoom.
[[nodiscard]] std::size_t answer_bytes(CookieClass size, Service service) noexcept;

[[nodiscard]] std::uint32_t issue_cookie(const CookieKeys& keys, const ConnectionId& id,
                                         CookieClass size) noexcept;

/// What an acknowledgement number says of a connection of ours.
struct CookieMatch {
  CookieClass size = CookieClass::kFull;
  std::uint32_t acknowledged = 0;  ///< SEG.ACK - (cookie + 1): 0 to L + 1
};

/// nullopt: no live key and class made a cookie that `ack` could acknowledge.
[[nodiscard]] std::optional<CookieMatch> match_cookie(const CookieKeys& keys,
                                                      const ConnectionId& id, std::uint32_t ack,
                                                      Service service) noexcept;

}  // namespace gate511::responder
