// SPDX-License-Identifier: BSD-3-Clause
#include "net/capport_place.hpp"

#include <algorithm>

namespace gate511::net {
namespace {

CapportPlace left(CapportOutcome why) noexcept {
  return {.outcome = why};
}

// ---- version 4: RFC 2131, 2; options in RFC 2132 ----

namespace dhcp4 {

constexpr std::size_t kServerNameAt = 44, kFileAt = 108, kMagicAt = 236, kOptionsAt = 240;
constexpr std::uint32_t kMagic = 0x6382'5363;
constexpr std::uint8_t kBootReply = 2;
constexpr std::uint8_t kOffer = 2, kAck = 5;

constexpr std::uint8_t kPad = 0;
constexpr std::uint8_t kOverload = 52;
constexpr std::uint8_t kMessageType = 53;
constexpr std::uint8_t kRelayAgent = 82;
constexpr std::uint8_t kAuthentication = 90;
constexpr std::uint8_t kCaptivePortal = 114;
constexpr std::uint8_t kEnd = 255;

struct Seen {
  std::uint8_t type = 0;
  std::uint8_t overload = 0;
  bool authenticated = false, present = false;
};

/// Whether what the relay agent and the server tell each other is signed with the whole message
/// (RFC 4030): suboptions, or what cannot be read as such.
bool is_signed(ByteView relay_agent) noexcept {
  constexpr std::uint8_t kSignature = 8;
  while (!relay_agent.empty()) {
    if (load_u8(relay_agent, 0) == kSignature || relay_agent.size() < 2) return true;
    const std::size_t length = std::size_t{load_u8(relay_agent, 1)} + 2;
    if (length > relay_agent.size()) return true;
    relay_agent = relay_agent.subspan(length);
  }
  return false;
}

/// Reads the options from `at` to the end option and returns where a new one belongs: in front of
/// the end, and of what the relay agent added, which is the last (RFC 3046, 2.1). nullopt: an
/// option reaches past `end`, or no end option is there.
std::optional<std::size_t> read(ByteView message, std::size_t at, std::size_t end,
                                Seen& seen) noexcept {
  std::optional<std::size_t> relay_agent;
  while (at < end) {
    const std::size_t begin = at;
    const std::uint8_t code = load_u8(message, at++);
    if (code == kPad) continue;
    if (code == kEnd) return relay_agent.value_or(begin);
    if (at == end) return std::nullopt;
    const std::size_t length = load_u8(message, at++);
    if (length > end - at) return std::nullopt;
    if (code == kMessageType && length == 1) seen.type = load_u8(message, at);
    if (code == kOverload && length == 1) seen.overload = load_u8(message, at);
    if (code == kRelayAgent && !relay_agent) relay_agent = begin;
    seen.authenticated |=
        code == kAuthentication || (code == kRelayAgent && is_signed(message.subspan(at, length)));
    seen.present |= code == kCaptivePortal;
    at += length;
  }
  return std::nullopt;
}

/// RFC 2132, 9.3: the fields `file` and `sname` may hold options too.
bool read_overloaded(ByteView message, Seen& seen) noexcept {
  constexpr std::uint8_t kFile = 1, kServerName = 2, kBoth = 3;
  const std::uint8_t overload = seen.overload;
  if (overload > kBoth) return false;
  return ((overload & kFile) == 0 || read(message, kFileAt, kMagicAt, seen)) &&
         ((overload & kServerName) == 0 || read(message, kServerNameAt, kFileAt, seen));
}

}  // namespace dhcp4

// ---- version 6: RFC 8415, 8, 9 and 21 ----

namespace dhcp6 {

constexpr std::uint8_t kAdvertise = 2, kReply = 7, kRelayReply = 13;
constexpr std::size_t kHeader = 4, kRelayHeader = 34, kOptionHeader = 4;
constexpr std::uint16_t kRelayMessage = 9, kAuthentication = 11, kCaptivePortal = 103;

struct Seen {
  bool authenticated = false, present = false;
  std::size_t relayed_at = 0, relayed_bytes = 0;  ///< of the first Relay Message option's message
};

/// False: an option reaches past `end`.
bool read(ByteView message, std::size_t at, std::size_t end, Seen& seen) noexcept {
  while (end - at >= kOptionHeader) {
    const std::uint16_t code = load_be16(message, at);
    const std::size_t length = load_be16(message, at + 2);
    at += kOptionHeader;
    if (length > end - at) return false;
    seen.authenticated |= code == kAuthentication;
    seen.present |= code == kCaptivePortal;
    if (code == kRelayMessage && seen.relayed_at == 0) {
      seen.relayed_at = at;
      seen.relayed_bytes = length;
    }
    at += length;
  }
  return at == end;
}

}  // namespace dhcp6

}  // namespace

std::optional<CapportPlace> place_in_dhcp4(ByteView message) noexcept {
  using namespace dhcp4;
  if (message.size() < kOptionsAt || load_u8(message, 0) != kBootReply ||
      load_be32(message, kMagicAt) != kMagic)
    return std::nullopt;
  Seen seen;
  const auto at = read(message, kOptionsAt, message.size(), seen);
  const bool whole = at && read_overloaded(message, seen);
  if (seen.type != kOffer && seen.type != kAck) return std::nullopt;
  if (!whole) return left(CapportOutcome::kMalformed);
  if (seen.present) return left(CapportOutcome::kPresent);
  if (seen.authenticated) return left(CapportOutcome::kAuthenticated);
  return CapportPlace{.outcome = CapportOutcome::kInserted, .at = *at};
}

std::optional<CapportPlace> place_in_dhcp6(ByteView message) noexcept {
  using namespace dhcp6;
  CapportPlace place{.outcome = CapportOutcome::kInserted};
  bool authenticated = false;
  std::size_t at = 0, end = message.size();
  for (;;) {
    const std::uint8_t type = at < end ? load_u8(message, at) : std::uint8_t{0};
    const bool is_relayed = type == kRelayReply;
    if (!is_relayed && type != kAdvertise && type != kReply) return std::nullopt;
    const std::size_t header = is_relayed ? kRelayHeader : kHeader;
    Seen seen;
    if (header > end - at || !read(message, at + header, end, seen))
      return left(CapportOutcome::kMalformed);
    authenticated |= seen.authenticated;
    if (!is_relayed) {
      if (seen.present) return left(CapportOutcome::kPresent);
      if (authenticated) return left(CapportOutcome::kAuthenticated);
      place.at = end;
      return place;
    }
    // A Relay-reply without a message, or around more relays than there may be.
    if (seen.relayed_at == 0 || place.length_count == CapportPlace::kMaxRelays)
      return left(CapportOutcome::kMalformed);
    place.lengths[place.length_count++] = seen.relayed_at - 2;
    at = seen.relayed_at;
    end = at + seen.relayed_bytes;
  }
}

CapportPlace place_in_router_advert(ByteView message) noexcept {
  constexpr std::size_t kOptionsAt = 16, kUnit = 8;
  constexpr std::uint8_t kCga = 11, kRsaSignature = 12;  // RFC 3971, 5.1 and 5.2
  constexpr std::uint8_t kCaptivePortal = 37;
  if (message.size() < kOptionsAt) return left(CapportOutcome::kMalformed);
  bool present = false, authenticated = false;
  std::size_t at = kOptionsAt;
  while (message.size() - at >= kUnit) {
    const std::uint8_t code = load_u8(message, at);
    const std::size_t length = load_u8(message, at + 1) * kUnit;
    if (length == 0 || length > message.size() - at) break;
    present |= code == kCaptivePortal;
    authenticated |= code == kCga || code == kRsaSignature;
    at += length;
  }
  if (at != message.size()) return left(CapportOutcome::kMalformed);
  if (present) return left(CapportOutcome::kPresent);
  if (authenticated) return left(CapportOutcome::kAuthenticated);
  return {.outcome = CapportOutcome::kInserted, .at = at};
}

}  // namespace gate511::net
