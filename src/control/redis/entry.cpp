// SPDX-License-Identifier: BSD-3-Clause
#include "control/redis/entry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "control/store/codec.hpp"
#include "net/frame.hpp"
#include "net/mac.hpp"

namespace gate511::control::redis {
namespace {

constexpr std::size_t kMacText = 17;
constexpr std::uint64_t kMaxReason = 5;
constexpr std::size_t kBeforeChanges = 4;  ///< `p` and `g` of an entry, with what they are
constexpr std::size_t kMaxText = 64;       ///< of tag, user and class
constexpr std::uint64_t kMaxIdle_s = 3'153'600'000;
constexpr std::uint64_t kMaxQuota_bytes = std::uint64_t{1} << 53;
constexpr std::uint64_t kMaxExpiry_ms = 9'999'999'999'999;  // the year 2286

std::optional<std::uint64_t> number_in(const Reply* value, std::uint64_t min, std::uint64_t max) {
  const auto number = value == nullptr ? std::nullopt : value->number();
  return number && *number >= min && *number <= max ? number : std::nullopt;
}

/// The value of a field in a flat list of names and values; null: there is none.
const Reply* field(const Reply& list, std::string_view name) {
  for (std::size_t i = 0; i + 1 < list.elements.size(); i += 2) {
    if (list.elements[i].is_text() && list.elements[i].text == name) return &list.elements[i + 1];
  }
  return nullptr;
}

/// As Params::text() takes it: it goes into answers and events as it is.
bool is_plain(std::string_view text) {
  if (text.size() > kMaxText) return false;
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x20 || first == 0x7f) return false;
    const std::size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first >= 0x80 && (first < 0xc2 || first > 0xf4 || text.size() - at < length)) return false;
    std::uint32_t code = length == 1 ? first : first & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xc0U) != 0x80) return false;
      code = code << 6 | (next & 0x3fU);
    }
    // RFC 3629, 3: the shortest form, no surrogates.
    const std::uint32_t least = length == 4 ? 0x10000U : length == 3 ? 0x800U : 0U;
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
    at += length;
  }
  return true;
}

std::optional<store::Session> session_in(std::string_view bytes, std::uint64_t id,
                                         std::string_view client) {
  auto session = store::decode_session(id, bytes);
  if (!session || session->is_owned_elsewhere || session->idle_s > kMaxIdle_s ||
      session->quota_bytes > kMaxQuota_bytes || session->expires_ms > kMaxExpiry_ms ||
      session->created_unix_s > 0xffff'ffff || !is_plain(session->tag) ||
      !is_plain(session->user) || !is_plain(session->service_class) ||
      client_text({session->key, session->link}) != client)
    return std::nullopt;
  return session;
}

bool take_counts(const Reply& hash, Entry& entry) {
  for (std::size_t i = 0; i + 1 < hash.elements.size(); i += 2) {
    const Reply& name = hash.elements[i];
    if (!name.is_text() || name.text.size() < 2 || name.text[0] != 'c') continue;
    Reply digits;
    digits.type = Reply::Type::kText;
    digits.text = name.text.substr(1);
    const auto gateway = number_in(&digits, 1, kMaxGateway);
    const auto counts = store::decode_counts(entry.id, hash.elements[i + 1].text);
    if (!gateway || !counts) return false;
    entry.counts.emplace_back(static_cast<std::uint8_t>(*gateway), *counts);
  }
  return true;
}

/// The digits up to the next space, which are taken off with it.
std::optional<std::uint64_t> take_number(std::string_view& from, std::uint64_t min,
                                         std::uint64_t max) {
  std::uint64_t value = 0;
  const char* const last = from.data() + from.size();
  const auto [end, error] = std::from_chars(from.data(), last, value);
  if (error != std::errc{} || end == last || *end != ' ' || value < min || value > max)
    return std::nullopt;
  from.remove_prefix(static_cast<std::size_t>(end - from.data()) + 1);
  return value;
}

/// As the script has packed it.
std::optional<Event> change_in(const Reply& kind, const Reply& packed) {
  if (!kind.is_text() || kind.text.size() != 1 || !packed.is_text()) return std::nullopt;
  std::string_view rest = packed.text;
  const auto id = take_number(rest, 1, ~std::uint64_t{0} >> 1);
  const auto owner = id ? take_number(rest, 1, kMaxGateway) : std::nullopt;
  const std::size_t end = owner ? rest.find(' ') : std::string_view::npos;
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view told = rest.substr(0, end + 1);
  rest.remove_prefix(end + 1);
  const auto length = take_number(rest, 1, rest.size());
  if (!length || *length > rest.size()) return std::nullopt;
  Event event;
  event.kind = kind.text[0];
  event.id = *id;
  event.owner = static_cast<std::uint8_t>(*owner);
  event.client = rest.substr(0, *length);
  rest.remove_prefix(*length);
  auto place = parse_client(event.client);
  if (!place) return std::nullopt;
  event.place = std::move(*place);
  if (event.kind == 'P') {
    auto session = session_in(rest, event.id, event.client);
    if (!session) return std::nullopt;
    event.session = std::move(*session);
  } else if (event.kind == 'E') {
    const auto reason = take_number(told, 1, kMaxReason);
    if (!reason) return std::nullopt;
    event.reason = static_cast<std::uint8_t>(*reason);
  } else if (event.kind == 'C') {
    const auto counts = store::decode_counts(event.id, rest);
    if (!counts) return std::nullopt;
    event.counts = *counts;
  } else if (event.kind != 'O') {
    return std::nullopt;
  }
  return event;
}

}  // namespace

std::string client_text(const store::Place& place) {
  std::string text = net::to_string(place.key.mac());
  if (place.key.number() != 0 || !place.link.empty())
    text += fmt::format("/{}", place.key.number());
  if (!place.link.empty()) text += "/" + place.link;
  return text;
}

std::optional<store::Place> parse_client(std::string_view text) {
  const auto mac = net::parse_mac(text.substr(0, kMacText));
  if (!mac || !mac->is_station()) return std::nullopt;
  std::uint16_t vlan = 0;
  store::Place place{{*mac, 0}, {}};
  std::string_view rest = text.substr(kMacText);
  if (rest.starts_with('/')) {
    const char* const begin = rest.data() + 1;
    const auto [end, error] = std::from_chars(begin, rest.data() + rest.size(), vlan);
    if (error != std::errc{} || vlan > net::kMaxVlan) return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.size() > 1 && rest.starts_with('/')) {
      place.link = rest.substr(1);
      rest = {};
    }
    place.key = {*mac, vlan};
  }
  // One text for each client: no other writing of it.
  if (!rest.empty() || client_text(place) != text) return std::nullopt;
  return place;
}

std::optional<Entry> parse_entry(std::string_view client, const Reply& hash) {
  if (!hash.is_array() || hash.elements.size() % 2 != 0) return std::nullopt;
  const auto version = number_in(field(hash, "v"), 1, ~std::uint64_t{0} >> 1);
  const auto gateway = number_in(field(hash, "g"), 1, kMaxGateway);
  const auto id = number_in(field(hash, "i"), 1, ~std::uint64_t{0} >> 1);
  if (!version || !gateway || !id) return std::nullopt;
  Entry entry;
  entry.version = *version;
  entry.gateway = static_cast<std::uint8_t>(*gateway);
  entry.id = *id;
  if (const Reply* const over = field(hash, "e")) {
    const auto reason = number_in(over, 1, kMaxReason);
    const auto place = parse_client(client);
    if (!reason || !place) return std::nullopt;
    entry.reason = static_cast<std::uint8_t>(*reason);
    entry.session.key = place->key;
    entry.session.link = place->link;
    return entry;
  }
  const auto owner = number_in(field(hash, "o"), 1, kMaxGateway);
  const Reply* const bytes = field(hash, "d");
  if (bytes == nullptr || !bytes->is_text()) return std::nullopt;
  auto session = session_in(bytes->text, *id, client);
  if (!owner || !session || !take_counts(hash, entry)) return std::nullopt;
  entry.owner = static_cast<std::uint8_t>(*owner);
  entry.session = std::move(*session);
  return entry;
}

std::optional<Position> parse_position(const Reply& entry) {
  if (!entry.is_array() || entry.elements.size() != 2 || !entry.elements[0].is_text() ||
      !entry.elements[1].is_array())
    return std::nullopt;
  Reply number = entry.elements[0];
  if (!number.text.ends_with("-0")) return std::nullopt;
  number.text.resize(number.text.size() - 2);
  const auto version = number_in(&number, 1, ~std::uint64_t{0} >> 1);
  const auto before = number_in(field(entry.elements[1], "p"), 0, ~std::uint64_t{0} >> 1);
  if (!version || !before) return std::nullopt;
  const auto gateway = number_in(field(entry.elements[1], "g"), 1, kMaxGateway);
  return Position{*version, *before, static_cast<std::uint8_t>(gateway.value_or(0))};
}

std::vector<std::optional<Event>> parse_events(const Reply& entry, const Position& position) {
  const std::vector<Reply>& fields = entry.elements.at(1).elements;
  std::vector<std::optional<Event>> events;
  const std::size_t count = fields.size() / 2 - std::min(kBeforeChanges / 2, fields.size() / 2);
  const bool is_whole = fields.size() % 2 == 0 && count > 0 && position.gateway != 0 &&
                        fields[0].text == "p" && fields[2].text == "g" &&
                        position.version - position.before >= count;
  if (!is_whole || position.before >= position.version) return {std::nullopt};
  events.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    events.push_back(change_in(fields[kBeforeChanges + 2 * i], fields[kBeforeChanges + 2 * i + 1]));
    if (!events.back()) continue;
    events.back()->version = position.version - (count - 1 - i);
    events.back()->gateway = position.gateway;
  }
  return events;
}

}  // namespace gate511::control::redis
