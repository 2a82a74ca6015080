// SPDX-License-Identifier: BSD-3-Clause
//
// What the store holds, and the changes of it. Times are of the store's clock, unix time that never
// goes back (clock_mark.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "table/binding.hpp"
#include "table/session_counters.hpp"
#include "table/session_table.hpp"

namespace gate511::control::store {

/// Ids of sessions that gateways share have the number of the gateway that added them above.
inline constexpr unsigned kGatewayShift = 45;
/// Below that stands a number that grows with the time, so that none is used twice whatever was
/// forgotten: it begins with so many for each millisecond since 1970, and counts on.
inline constexpr std::uint64_t kIdsAMs = 8;

/// A session without what it has counted.
struct Session {
  std::uint64_t id = 0;  ///< never 0
  table::Key key;        ///< its number is the outer VLAN, 0 where that is no part of the key
  std::string link{};    ///< name; empty where it is no part of the key
  table::State state = table::State::kAuthenticated;
  std::uint64_t created_unix_s = 0;
  std::uint64_t expires_ms = 0;  ///< 0: no end
  std::string tag{};
  std::string user{};
  std::uint64_t rate_up_bps = 0;
  std::uint64_t rate_down_bps = 0;
  std::uint64_t quota_bytes = 0;
  std::uint64_t idle_s = 0;
  std::string service_class{};
  bool bound = false;
  table::BoundAddresses addresses{};  ///< that it is bound to, as far as they are known
  /// Another gateway saw its client last; of a copy alone.
  bool is_owned_elsewhere = false;

  bool operator==(const Session&) const = default;
};

/// Where a session is in a store that several gateways share. A file of this machine needs none.
struct Place {
  table::Key key;      ///< as Session has it
  std::string link{};  ///< the same

  bool operator==(const Place&) const = default;
};
/// Who is told of a change, where gateways share a store and each has a copy. Stands in no file.
enum class Scope : std::uint8_t {
  kAll,
  kCopy,    ///< it came from the shared store, or needs not go there
  kShared,  ///< the copy has it already, or must not
  kNone,    ///< neither; of an end: the server, if it may have what was never answered
};

/// Adds a session, or replaces the one of that id.
struct Put {
  Session session;
  Scope scope = Scope::kAll;
};
/// What it has counted in all, and when.
struct Counted : table::TrafficCounts {
  std::uint64_t first_seen_s = 0;  ///< unix time; 0: never
  std::uint64_t last_seen_s = 0;
};
struct Count {
  std::uint64_t id;
  Counted counts;
  Place place{};
  Scope scope = Scope::kAll;
};
/// It is over; the event that tells so is still to come. `reason`: of EndReason.
struct End {
  std::uint64_t id;
  std::uint8_t reason;
  Place place{};
  Scope scope = Scope::kAll;
};
/// The event that tells its end, with the event's number; to be kept for consumers.
struct Ended {
  std::uint64_t id;
  std::uint64_t seq;
  std::string line;  ///< as it is sent
};
/// A consumer of events, and up to where it has acknowledged.
struct Consumer {
  std::string name;
  std::uint64_t acknowledged;
};
struct Forget {
  std::string name;
};
/// Numbers of events below it may have been used.
struct SeqLimit {
  std::uint64_t limit;
};
/// What the sessions are known by, as `sessions.key` has it.
struct Keyed {
  std::string by;
};

/// The server that gateways share has still to be told that it is over at that place; of a copy.
struct Owed {
  std::uint64_t id;
  std::uint8_t reason;  ///< of EndReason
  Place place{};
};
/// It was.
struct Paid {
  std::uint64_t id;
  Place place{};
};
/// Whose copy of what the file is.
struct UsedAs {
  std::string as;
};

using Change =
    std::variant<Put, Count, End, Ended, Consumer, Forget, SeqLimit, Keyed, Owed, Paid, UsedAs>;
using Changes = std::vector<Change>;

}  // namespace gate511::control::store
