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
  return 10;                          // NAS Request
}

std::uint32_t low(std::uint64_t number) {
  return static_cast<std::uint32_t>(number & 0xffff'ffffU);
}

std::uint32_t at_most_32(std::uint64_t number) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(number, 0xffff'ffffU));
}

/// Input is what came from the client (RFC 2866, 5.3).
void add_counters(Attributes& attributes, const nlohmann::json& session) {
  const std::uint64_t up = number_of(session, "bytes_up");
  const std::uint64_t down = number_of(session, "bytes_down");
  attributes.add(attribute::kAcctInputOctets, low(up));
  attributes.add(attribute::kAcctInputGigawords, low(up >> 32U));
  attributes.add(attribute::kAcctOutputOctets, low(down));
  attributes.add(attribute::kAcctOutputGigawords, low(down >> 32U));
  attributes.add(attribute::kAcctInputPackets, low(number_of(session, "packets_up")));
  attributes.add(attribute::kAcctOutputPackets, low(number_of(session, "packets_down")));
}

}  // namespace

Record record_of(const Config& config, RecordKind kind, const AccountedSession& known,
                 const nlohmann::json& session, std::uint64_t at, std::string_view reason) {
  const std::string& full = known.accepted.user;
  const std::string user = full.empty() ? text_of(session, "user") : full;
  // Where it is now: a session can move to another MAC.
  Place place = known.accepted.place;
  place.mac = text_of(session, "mac");
  Attributes attributes = place_attributes(config, place, user);
  attributes.add(attribute::kAcctStatusType, static_cast<std::uint32_t>(kind));
  attributes.add(attribute::kAcctSessionId, acct_session_id({known.id, known.created_at}));
  attributes.add(attribute::kAcctAuthentic, kByRadius);
  attributes.add(attribute::kEventTimestamp, at_most_32(at));
  attributes.add_encoded(known.accepted.classes);
  if (kind != RecordKind::kStart) {
    add_counters(attributes, session);
    attributes.add(attribute::kAcctSessionTime, at_most_32(at - std::min(at, known.created_at)));
  }
  if (kind == RecordKind::kStop) attributes.add(attribute::kAcctTerminateCause, cause_of(reason));
  return {0, known.id, at, attributes.encoded()};
}

}  // namespace gate511::radius
