// SPDX-License-Identifier: BSD-3-Clause
#include "radius/accounting/records.hpp"

#include <algorithm>

#include "radius/accounting/session_id.hpp"
#include "radius/guests.hpp"

namespace gate511::radius {
namespace {

constexpr std::uint32_t kByRadius = 1;  // Acct-Authentic, RFC 2866, 5.6

/// RFC 2866, 5.10.
std::uint32_t cause_of(std::string_view reason) {
  if (reason == "idle") return 4;
  if (reason == "expired") return 5;
  if (reason == "revoked") return 6;  // Admin Reset
  if (reason == kLost) return 11;     // NAS Reboot
  return 10;                          // NAS Request
}

std::uint32_t low(std::uint64_t number) {
  return static_cast<std::uint32_t>(number & 0xffff'ffffU);
}

std::uint32_t at_most_32(std::uint64_t number) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(number, 0xffff'ffffU));
}

/// Input is what came from the client (RFC 2866, 5.3).
void add_counters(Attributes& attributes, const Counters& counters) {
  attributes.add(attribute::kAcctInputOctets, low(counters.bytes_up));
  attributes.add(attribute::kAcctInputGigawords, low(counters.bytes_up >> 32U));
  attributes.add(attribute::kAcctOutputOctets, low(counters.bytes_down));
  attributes.add(attribute::kAcctOutputGigawords, low(counters.bytes_down >> 32U));
  attributes.add(attribute::kAcctInputPackets, low(counters.packets_up));
  attributes.add(attribute::kAcctOutputPackets, low(counters.packets_down));
}

}  // namespace

Counters counters_of(const nlohmann::json& session, const Counters& before) {
  const auto counted = [&session](const char* name, std::uint64_t least) {
    return std::max(number_of(session, name), least);
  };
  return {counted("bytes_up", before.bytes_up), counted("bytes_down", before.bytes_down),
          counted("packets_up", before.packets_up), counted("packets_down", before.packets_down)};
}

Record record_of(const Config& config, RecordKind kind, const AccountedSession& known,
                 const nlohmann::json& session, std::uint64_t at, std::string_view reason) {
  const std::string& full = known.accepted.user;
  const std::string user = full.empty() ? text_of(session, "user") : full;
  // Where it is now: a session can move to another MAC.
  Place place = known.accepted.place;
  place.mac = text_of(session, "mac");
  Attributes attributes = place_attributes(config, place, user);
  attributes.add(attribute::kAcctStatusType, static_cast<std::uint32_t>(kind));
  attributes.add(attribute::kAcctSessionId, acct_session_id(known.key()));
  attributes.add(attribute::kAcctAuthentic, kByRadius);
  attributes.add(attribute::kEventTimestamp, at_most_32(at));
  attributes.add_encoded(known.accepted.classes);
  if (kind != RecordKind::kStart) {
    add_counters(attributes, counters_of(session, known.last));
    attributes.add(attribute::kAcctSessionTime, at_most_32(at - std::min(at, known.created_at)));
  }
  if (kind == RecordKind::kStop) attributes.add(attribute::kAcctTerminateCause, cause_of(reason));
  return {0, known.key(), at, attributes.encoded()};
}

}  // namespace gate511::radius
