// SPDX-License-Identifier: BSD-3-Clause
//
// What the control thread tells the thread that keeps the records. Times are unix time of the wall
// clock in seconds, since that is what those who ask later have.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "control/session_keys.hpp"
#include "control/session_listener.hpp"
#include "net/ip.hpp"
#include "pipeline/sighting.hpp"

namespace gate511::control::records {

using UnixTime = std::uint64_t;

struct Note {
  enum class Kind : std::uint8_t {
    kSession,  ///< it is there: adds what is not known of it
    kAddress,  ///< its client was seen with an address
    kEnd,
    kRoundBegins,  ///< what follows is of all sessions that there are, ...
    kRoundEnds     ///< ... and these were all: others that are known have ended unheard
  };

  Kind kind = Kind::kSession;
  EndReason reason = EndReason::kExpired;                           ///< of kEnd
  pipeline::SightingSource source = pipeline::SightingSource::kNd;  ///< of kAddress
  std::uint8_t link = 0;   ///< of kAddress: where it was seen
  std::uint16_t vlan = 0;  ///< the same; outer VLAN, 0: untagged
  std::uint64_t session = 0;
  ClientKey client{};
  UnixTime started = 0;  ///< when the session began
  UnixTime at = 0;       ///< when this was so
  net::IpAddress address{};
  std::string user{};
};
using Notes = std::vector<Note>;

/// What is said in the file of times for which it may be incomplete, or that are not what they
/// seem.
struct Remark {
  enum class Kind : std::uint8_t {
    kLost,   ///< notes were lost: `count`
    kClock,  ///< the wall clock was set from `since` to `until`
    kDown,   ///< nothing was kept: the gateway did not run, or its records were off
  };
  Kind kind = Kind::kLost;
  UnixTime since = 0;
  UnixTime until = 0;
  std::uint64_t count = 0;
};

/// `lost`, `clock`, `down`.
[[nodiscard]] constexpr const char* name_of(Remark::Kind kind) {
  constexpr const char* kNames[] = {"lost", "clock", "down"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace gate511::control::records
