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
  const net::SipKey& key = keys.key[prefix >> 30];
  const std::uint64_t client = id.client.value() << 16 | id.vlan;
  const std::uint64_t rest = std::uint64_t{id.source_port} << 48 |
                             std::uint64_t{id.destination_port} << 32 |
                             std::uint64_t{id.link} << 8 | prefix >> 24;
  // The families cannot meet: the length of what is hashed is a part of it.
  const std::uint64_t hash =
      id.source.is_v4() && id.destination.is_v4()
          ? net::siphash24<3>(
                key, {id.source.low << 32 | (id.destination.low & 0xffff'ffff), client, rest})
          : net::siphash24<6>(key, {id.source.high, id.source.low, id.destination.high,
                                    id.destination.low, client, rest});
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
