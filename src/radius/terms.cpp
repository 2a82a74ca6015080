// SPDX-License-Identifier: BSD-3-Clause
#include "radius/terms.hpp"

#include <algorithm>

#include "radius/wire/writer.hpp"

namespace gate511::radius {
namespace {

constexpr std::uint64_t kMaxQuota = 9'007'199'254'740'992;  // as the gateway's
constexpr std::uint64_t kMaxSeconds = 3'153'600'000;        // the same
constexpr std::size_t kMaxClasses = 1'024;
constexpr std::size_t kMaxName = 64;
// The gateway's 0 is any volume, a server's is none: the first packet is more than is left.
constexpr std::uint64_t kUsedUp = 1;
// RFC 2869, 5.16: not less than 60.
constexpr std::uint64_t kMinInterim_s = 60;

std::optional<std::uint64_t> number(const Packet& packet, AttributeId id, std::uint64_t max) {
  const auto value = packet.integer(id);
  if (!value) return std::nullopt;
  return std::min<std::uint64_t>(*value, max);
}

std::optional<std::uint64_t> quota(const Packet& packet) {
  const auto octets = packet.integer(attribute::kMaxTotalOctets);
  const auto gigawords = packet.integer(attribute::kMaxTotalGigawords);
  if (!octets && !gigawords) return std::nullopt;
  if (octets.value_or(0) == 0 && gigawords.value_or(0) == 0) return kUsedUp;
  return std::min(std::uint64_t{gigawords.value_or(0)} << 32U | octets.value_or(0), kMaxQuota);
}

/// How many bytes the sequence has that begins there; 0: it is none (RFC 3629, 4).
std::size_t sequence(std::string_view text) {
  const auto at = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = at(0), second = at(1);
  const auto follows = [&at](std::size_t i) { return (at(i) & 0xc0U) == 0x80; };
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool is_in_range = (first != 0xe0 || second >= 0xa0) && (first != 0xed || second <= 0x9f);
    return is_in_range && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool is_in_range = (first != 0xf0 || second >= 0x90) && (first != 0xf4 || second <= 0x8f);
    return is_in_range && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  // U+0080 to U+009F are control characters as well.
  return first < 0x20 || first == 0x7f ||
         (first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0);
}

}  // namespace

Terms Terms::of(const Packet& packet) {
  Terms terms;
  terms.ttl_s = number(packet, attribute::kSessionTimeout, kMaxSeconds);
  terms.idle_s = number(packet, attribute::kIdleTimeout, kMaxSeconds);
  terms.rate_up_bps = packet.integer(attribute::kBandwidthMaxUp);
  terms.rate_down_bps = packet.integer(attribute::kBandwidthMaxDown);
  terms.quota_bytes = quota(packet);
  terms.grants_nothing = terms.ttl_s == std::uint64_t{0} || terms.quota_bytes == kUsedUp;
  if (const auto interim = packet.integer(attribute::kAcctInterimInterval))
    terms.interim_s =
        *interim == 0 ? kNoInterims : std::max<std::uint64_t>(*interim, kMinInterim_s);
  terms.user = packet.text(attribute::kUserName).value_or("");
  Attributes classes;
  for (const Attribute& attribute : packet.attributes()) {
    if (attribute.id == attribute::kClass &&
        classes.bytes().size() + attribute.value.size() + 2 <= kMaxClasses)
      classes.add(attribute.id, attribute.value);
  }
  terms.classes = classes.encoded();
  return terms;
}

nlohmann::json Terms::json() const {
  nlohmann::json made = nlohmann::json::object();
  const auto set = [&made](const char* name, const std::optional<std::uint64_t>& value) {
    if (value) made[name] = *value;
  };
  set("ttl_s", ttl_s);
  set("idle_s", idle_s);
  set("rate_up_bps", rate_up_bps);
  set("rate_down_bps", rate_down_bps);
  set("quota_bytes", quota_bytes);
  if (!user.empty()) made["user"] = plain_name(user);
  return made;
}

std::string plain_name(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const std::size_t bytes = sequence(text);
    const bool is_good = bytes > 0 && !is_control(text.substr(0, bytes));
    const std::string_view next = is_good ? text.substr(0, bytes) : std::string_view{"?"};
    if (plain.size() + next.size() > kMaxName) break;
    plain += next;
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return plain;
}

}  // namespace gate511::radius
