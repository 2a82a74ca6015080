// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/burst.hpp"

#include <bit>

#include "pipeline/sighting.hpp"
#include "pipeline/uplink_sighting.hpp"
#include "policy/guards.hpp"

namespace gate511::pipeline {
namespace {

using net::Ethernet;
using net::Flaw;
using policy::Fate;

template <Direction direction>
bool may_show(net::ByteView frame, const Ethernet& ethernet) noexcept {
  if constexpr (direction == Direction::kFromUplink) {
    if (may_show_router(frame, ethernet)) return true;
  }
  return may_show_client(frame, ethernet);
}

template <Direction direction>
void parse_from(Burst& burst) noexcept {
  const policy::LinkPolicy& link = burst.snapshot->links[burst.link];
  const table::KeyNumbers& numbers = *burst.key_numbers;
  burst.shows.clear();
  for (std::size_t i = 0; i < burst.count; ++i) {
    const net::ByteView frame = burst.frame[i];
    burst.ethernet[i] = {};
    net::parse_ethernet(frame, burst.ethernet[i]);
    const Ethernet& ethernet = burst.ethernet[i];
    const policy::ZoneRef zone = link.zone_of_vlan[ethernet.vlan];
    const net::MacAddress client =
        direction == Direction::kFromAccess ? ethernet.source : ethernet.destination;
    burst.zone[i] = zone;
    burst.key[i] = table::Key{client, numbers[ethernet.vlan].load(std::memory_order_relaxed)};
    // The guards are against nothing from the uplink.
    burst.may_break[i] =
        direction == Direction::kFromAccess && burst.known->holds(burst.link, ethernet.source);
    if (ethernet.flaw != Flaw::kNone) [[unlikely]] {
      burst.key[i] = table::Key{};
      burst.may_break[i] = false;
    } else if (may_be_control(frame, ethernet)) [[unlikely]] {
      if (direction == Direction::kFromAccess && policy::may_break_guard(frame, ethernet))
        burst.may_break[i] = true;
      if (may_show<direction>(frame, ethernet) && zone.enforce != policy::Enforce::kOff)
        burst.shows.add(i);
    }
  }
}

/// All frames in their order.
constexpr FrameList kAll = [] {
  FrameList all{};
  for (std::size_t i = 0; i < kMaxBurst; ++i) all.add(i);
  return all;
}();

/// Of a frame that does not pass.
FrameList& list_of(Burst& burst, Fate fate) noexcept {
  switch (fate) {
    case Fate::kAnswered:
      return burst.reply;
    case Fate::kHeld:
      return burst.hold;
    default:
      return burst.drop;
  }
}

}  // namespace

void parse(Burst& burst) noexcept {
  if (burst.direction == Direction::kFromAccess) {
    parse_from<Direction::kFromAccess>(burst);
  } else {
    parse_from<Direction::kFromUplink>(burst);
  }
}

void sort(Burst& burst) noexcept {
  burst.pass.clear();
  burst.reply.clear();
  burst.drop.clear();
  burst.hold.clear();
  if (burst.rest.empty()) [[likely]] {
    burst.pass = kAll;
    burst.pass.count = static_cast<std::uint8_t>(burst.count);
    return;
  }
  static_assert(kMaxBurst == 64);
  std::uint64_t passing = ~std::uint64_t{0} >> (kMaxBurst - burst.count);
  for (const std::uint8_t i : burst.rest) {
    const Fate fate = policy::fate(burst.verdict[i]);
    if (fate == Fate::kForwarded) continue;
    passing &= ~(std::uint64_t{1} << i);
    list_of(burst, fate).add(i);
  }
  for (; passing != 0; passing &= passing - 1)
    burst.pass.add(static_cast<std::size_t>(std::countr_zero(passing)));
}

}  // namespace gate511::pipeline
