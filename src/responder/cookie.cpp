// SPDX-License-Identifier: BSD-3-Clause
#include "responder/cookie.hpp"

#include "http/answers.hpp"

namespace gate511::responder {
namespace {

constexpr std::uint32_t kHashMask = (std::uint32_t{1} << 28) - 1;

/// The cookie of a connection for the epoch and class in the top four bits of `prefix`.
std::uint32_t cookie_for(const CookieKeys& keys, const ConnectionId& id,
                         std::uint32_t prefix) noexcept {
  prefix &= ~kHashMask;
  std::array<std::byte, 48> message{};
  const net::ByteSpan out{message};
  id.source.store_v6(out, 0);
  id.destination.store_v6(out, 16);
  net::store_be48(out, 32, id.client.value());
  net::store_be(out, 38, id.vlan);
  net::store_be(out, 40, id.source_port);
  net::store_be(out, 42, id.destination_port);
  net::store_be(out, 44, id.link);
  net::store_be(out, 45, static_cast<std::uint8_t>(prefix >> 24));
  const std::uint64_t hash = net::siphash24(keys.key[prefix >> 30], message);
  return prefix | (static_cast<std::uint32_t>(hash) & kHashMask);
}

}  // namespace

std::size_t answer_bytes(CookieClass size, Service service) noexcept {
  if (size == CookieClass::kNoRoom) return 0;
  return service == Service::kTls ? kTlsAlertRecord.size()
                                  : http::answer_bytes(static_cast<http::SizeClass>(size));
}

std::uint32_t issue_cookie(const CookieKeys& keys, const ConnectionId& id,
                           CookieClass size) noexcept {
  const auto prefix = std::uint32_t{keys.newest} << 30 | std::uint32_t(size) << 28;
  return cookie_for(keys, id, prefix);
}

std::optional<CookieMatch> match_cookie(const CookieKeys& keys, const ConnectionId& id,
                                        std::uint32_t ack, Service service) noexcept {
  // `ack` is at most L + 2 above the cookie, so the four top bits are the cookie's own, but for the
  // few cookies so near the top of the hash's range that the sum carries over: then they are those
  // of what lies the longest answer further down.
  constexpr std::uint32_t kReach = http::answer_bytes(http::SizeClass::kFull) + 2;
  for (const std::uint32_t near : {ack - 1, ack - kReach}) {
    const auto size = static_cast<CookieClass>(near >> 28 & 3);
    const std::uint32_t acknowledged = ack - (cookie_for(keys, id, near) + 1);
    if (acknowledged <= (size == CookieClass::kNoRoom ? 0 : answer_bytes(size, service) + 1))
      return CookieMatch{size, acknowledged};
    if ((ack - 1) >> 28 == (ack - kReach) >> 28) break;
  }
  return std::nullopt;
}

}  // namespace gate511::responder
