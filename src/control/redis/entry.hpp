// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions as they lie in a server: hashes and entries of the stream (scripts.hpp). What comes from
// there may be anybody's: what is not exactly as gateways write it is nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/redis/reply.hpp"
#include "control/store/change.hpp"

namespace gate511::control::redis {

inline constexpr unsigned kMaxGateway = 255;

/// Who a session is of: MAC, `/VLAN` and `/LINK` where these are known.
[[nodiscard]] std::string client_text(const store::Place& place);
[[nodiscard]] std::optional<store::Place> parse_client(std::string_view text);

/// What is true of one client.
struct Entry {
  std::uint64_t version = 0;
  std::uint8_t gateway = 0;  ///< that wrote it
  std::uint64_t id = 0;
  std::uint8_t reason = 0;   ///< not 0: it is over, by this reason
  std::uint8_t owner = 0;    ///< gateway; of one that is over: 0
  store::Session session{};  ///< of one that is not
  std::vector<std::pair<std::uint8_t, store::Counted>> counts{};  ///< by gateway
};
/// Of a hash as HGETALL gives it.
[[nodiscard]] std::optional<Entry> parse_entry(std::string_view client, const Reply& hash);

/// A change, from the stream.
struct Event {
  std::uint64_t version = 0;
  std::uint8_t gateway = 0;
  char kind = 0;  ///< P, E, O or C
  std::string client{};
  store::Place place{};
  std::uint64_t id = 0;
  std::uint8_t reason = 0;
  std::uint8_t owner = 0;
  store::Session session{};
  store::Counted counts{};
};
/// The place of an entry in the stream, whatever else is wrong with it.
struct Position {
  std::uint64_t version = 0;  ///< of its last change
  std::uint64_t before = 0;   ///< of the last change of the entry before it
  std::uint8_t gateway = 0;   ///< that made all of its changes; 0: none has
};
[[nodiscard]] std::optional<Position> parse_position(const Reply& entry);
/// Its changes; nullopt where no gateway has written that one. At least one of whatever it is.
[[nodiscard]] std::vector<std::optional<Event>> parse_events(const Reply& entry,
                                                             const Position& position);

}  // namespace gate511::control::redis
