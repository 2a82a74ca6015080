// SPDX-License-Identifier: BSD-3-Clause
#include "net/capport_place.hpp"

#include <algorithm>

#include "net/dhcp_wire.hpp"

namespace gate511::net {
namespace {

CapportPlace left(CapportOutcome why) noexcept {
  return {.outcome = why};
}

// ---- version 4 ----

struct Seen4 {
  std::uint8_t type = 0;
  std::uint8_t overload = 0;
  bool authenticated = false, present = false;
  std::size_t relay_agent_at = 0;  ///< 0: none
  std::size_t end_at = 0;
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
std::optional<std::size_t> read4(ByteView message, std::size_t at, std::size_t end,
                                 Seen4& seen) noexcept {
  using namespace dhcp4;
  seen.relay_agent_at = 0;
  const Walked walked =
      walk(message, at, end, [&seen](std::uint8_t code, std::size_t begin, ByteView body) {
        if (code == kMessageType && body.size() == 1) seen.type = load_u8(body, 0);
        if (code == kOverload && body.size() == 1) seen.overload = load_u8(body, 0);
        if (code == kRelayAgent && seen.relay_agent_at == 0) seen.relay_agent_at = begin;
        seen.authenticated |= code == kAuthentication || (code == kRelayAgent && is_signed(body));
        seen.present |= code == kCaptivePortal;
      });
  if (walked.stop != Stop::kAtEnd) return std::nullopt;
  seen.end_at = walked.at;
  return seen.relay_agent_at != 0 ? seen.relay_agent_at : walked.at;
}

/// RFC 1542, 2.1: messages are padded to 300 bytes, behind the end option.
std::size_t padding_behind(ByteView message, std::size_t end_at) noexcept {
  const ByteView behind = message.subspan(end_at + 1);
  const bool is_padding = std::all_of(behind.begin(), behind.end(),
                                      [](std::byte octet) { return octet == std::byte{}; });
  return is_padding ? behind.size() : 0;
}

/// RFC 2132, 9.3: the fields `file` and `sname` may hold options too.
bool read_overloaded(ByteView message, Seen4& seen) noexcept {
  using namespace dhcp4;
  constexpr std::uint8_t kInFile = 1, kInServerName = 2, kInBoth = 3;
  const std::uint8_t overload = seen.overload;
  if (overload > kInBoth) return false;
  return ((overload & kInFile) == 0 || read4(message, kFileAt, kMagicAt, seen)) &&
         ((overload & kInServerName) == 0 || read4(message, kServerNameAt, kFileAt, seen));
}

// ---- version 6 ----

struct Seen6 {
  bool authenticated = false, present = false;
  std::size_t relayed_at = 0, relayed_bytes = 0;  ///< of the first Relay Message option's message
};

/// False: an option reaches past `end`.
bool read6(ByteView message, std::size_t at, std::size_t end, Seen6& seen) noexcept {
  using namespace dhcp6;
  return walk(message, at, end, [&seen](std::uint16_t code, std::size_t body_at, ByteView body) {
    seen.authenticated |= code == kAuthentication;
    seen.present |= code == kCaptivePortal;
    if (code == kRelayMessage && seen.relayed_at == 0) {
      seen.relayed_at = body_at;
      seen.relayed_bytes = body.size();
    }
  });
}

}  // namespace

std::optional<CapportPlace> place_in_dhcp4(ByteView message) noexcept {
  using namespace dhcp4;
  if (!is_reply(message)) return std::nullopt;
  Seen4 seen;
  const auto at = read4(message, kOptionsAt, message.size(), seen);
  const std::size_t padding = at ? padding_behind(message, seen.end_at) : 0;
  const bool whole = at && read_overloaded(message, seen);
  if (seen.type != kOffer && seen.type != kAck) return std::nullopt;
  if (!whole) return left(CapportOutcome::kMalformed);
  if (seen.present) return left(CapportOutcome::kPresent);
  if (seen.authenticated) return left(CapportOutcome::kAuthenticated);
  CapportPlace place{.outcome = CapportOutcome::kInserted, .at = *at};
  place.padding = padding;
  return place;
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
    Seen6 seen;
    if (header > end - at || !read6(message, at + header, end, seen))
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
