// SPDX-License-Identifier: BSD-3-Clause
//
// The worker's part of learning from DNS which addresses the garden's hosts have: it tells which
// answers are to be learnt from, and holds them until the garden thread has opened their addresses,
// so that no client can be faster than its own permit.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pipeline/garden_task.hpp"
#include "pipeline/now.hpp"
#include "pipeline/spsc_ring.hpp"
#include "policy/garden_queries.hpp"
#include "policy/guest_rules.hpp"
#include "policy/infrastructure.hpp"

namespace gate511::pipeline {

struct LearntCounts {
  std::uint64_t answers = 0;   ///< that were learnt from
  std::uint64_t refused = 0;   ///< addresses that no garden's host may have
  std::uint64_t unasked = 0;   ///< answers to questions that nobody had asked
  std::uint64_t unlearnt = 0;  ///< answers that went on at once, as the ring was full
};

/// One worker's. What takes tasks and gives frames back belongs to the garden thread; `counts` may
/// be read by any.
class GardenLearner {
 public:
  static constexpr std::size_t kMaxHeld = 512;  ///< frames

  explicit GardenLearner(std::uint64_t seed)
      : queries_{seed}, tasks_{2 * kMaxHeld}, released_{kMaxHeld} {}

  /// A guest's DNS that passes: notes what it asks, if that is a host of the garden.
  void query(net::ByteView frame, net::MacAddress guest, const net::Packet& packet,
             const policy::RuleContext& context, Now now) noexcept;

  /// Where a resolver's answer stands.
  struct Answer {
    net::ByteView frame;
    net::MacAddress guest;
    const net::Packet& packet;
    const policy::Infrastructure& known;
    std::uint16_t vlan;
    std::uint8_t burst_index;
    bool may_hold;  ///< else it is learnt from, but goes on at once
  };
  /// A resolver's answer that passes. True: it tells of a host of the garden and is to be held; the
  /// worker owes `hold` with its frame.
  [[nodiscard]] bool answer(const Answer& answer, const policy::RuleContext& context,
                            Now now) noexcept;
  /// The frame at `burst_index`, of which `answer` was true in this burst.
  void hold(std::uint8_t burst_index, void* frame) noexcept;
  /// A connection to `address` was approved.
  void renew(const net::IpAddress& address, const policy::RuleContext& context) noexcept;

  /// Frames that were held and have not come back.
  [[nodiscard]] std::size_t held() const noexcept { return held_; }
  /// Those that may go on.
  [[nodiscard]] std::size_t take_released(std::span<Released> out) noexcept;

  // The garden thread.
  [[nodiscard]] std::size_t take_tasks(std::span<GardenTask> out) noexcept {
    return tasks_.pop(out);
  }
  /// There is always room: no more frames than that are held.
  void give_back(const Released& released) noexcept;

  [[nodiscard]] LearntCounts counts() const noexcept;

 private:
  struct Counts {
    std::atomic<std::uint64_t> answers{0}, refused{0}, unasked{0}, unlearnt{0};
  };
  static constexpr std::size_t kMaxStaged = 64;  ///< a burst

  policy::GardenQueries queries_;
  SpscRing<GardenTask> tasks_;
  SpscRing<Released> released_;
  std::array<GardenTask, kMaxStaged> staged_;  ///< of this burst, whose frames have no name yet
  std::size_t staged_count_ = 0;
  std::size_t held_ = 0;
  Counts counts_;
};

/// An address that a host on the Internet, or one of the venue, can have: no private, loopback,
/// link-local or multicast one (RFC 6890), which an answer might name to reach what is inside.
[[nodiscard]] bool is_public(const net::IpAddress& address) noexcept;

}  // namespace gate511::pipeline
