// SPDX-License-Identifier: BSD-3-Clause
//
// A worker: one lcore that takes frames from its queues to the end of their way, turn after turn.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/clock.hpp"
#include "dataplane/delays.hpp"
#include "dataplane/port.hpp"
#include "dataplane/qsbr.hpp"
#include "dataplane/status.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/tap.hpp"

struct rte_mbuf;

namespace gate511::dataplane {

/// One direction of a link, as one worker serves it. Replies go back by `rx`.
struct Lane {
  PortId rx;
  PortId tx;
  QueueId queue;  ///< the worker's, on both ports
  pipeline::Direction direction;
  std::uint8_t link;
  std::size_t max_frame_out;  ///< bytes that `tx` takes
  std::uint32_t workers;      ///< that serve the link
  bool rx_sums_tcp = false;   ///< `rx` makes the checksums of the pages that go back by it
};

struct WorkerSetup {
  unsigned number = 0;  ///< 0, 1, ...; its number as a reader too
  unsigned lcore = 0;
  std::uint64_t seed = 0;   ///< secret
  std::vector<Lane> lanes;  ///< at least one
};

/// `run` belongs to the worker's thread, `stop`, `status` and `sightings` to the control thread.
class alignas(64) Worker {
 public:
  Worker(WorkerSetup setup, pipeline::Shared& shared, std::span<table::SessionCounters> sessions,
         Qsbr& readers, const Mempool& pool);

  /// Until stop(). No lock, log, allocation, system call (but a driver's) or exception.
  void run() noexcept;
  /// What run() does over and over: a burst of each lane, then a quiescent state. For a thread that
  /// has entered the readers itself. False: no lane had a frame. A function by itself, since
  /// instructions are counted in it.
  [[gnu::noinline]] bool turn() noexcept;
  void stop() noexcept { stop_.store(true, std::memory_order_relaxed); }

  /// From the next burst on; null: none. What was there before is in use until a quiescent point.
  void set_tap(pipeline::Tap* tap) noexcept { tap_.store(tap, std::memory_order_release); }

  [[nodiscard]] unsigned lcore() const { return setup_.lcore; }
  [[nodiscard]] WorkerStatus status() const;
  /// Adds what was counted in each zone.
  void add_zones(std::vector<ZoneStatus>& zones) const;
  /// Frees what waits for the garden thread, once neither it nor the worker runs any more.
  void drop_held() noexcept;
  /// For the control thread to take from.
  [[nodiscard]] pipeline::SightingReporter& sightings() { return pipeline_.sightings(); }
  [[nodiscard]] pipeline::SightingReporter& uplink_sightings() { return pipeline_.uplink(); }
  [[nodiscard]] pipeline::SightingReporter& guarded() { return pipeline_.guarded(); }
  [[nodiscard]] pipeline::AnnouncedReporter& announced() { return pipeline_.teller().reports(); }
  /// For the garden thread.
  [[nodiscard]] pipeline::GardenLearner& learner() { return pipeline_.learner(); }

 private:
  using Mbufs = std::array<rte_mbuf*, pipeline::kMaxBurst>;

  bool serve(const Lane& lane) noexcept;
  void present(const Lane& lane, std::uint16_t count) noexcept;
  void gather(std::size_t i) noexcept;
  void announce(pipeline::Now now) noexcept;
  void forward(const Lane& lane) noexcept;
  void reply(const Lane& lane, pipeline::Now now, pipeline::Tap* tap) noexcept;
  void tap_announced(const Lane& lane, pipeline::Now now, pipeline::Tap& tap) noexcept;
  [[nodiscard]] std::size_t allocate(std::size_t wanted) noexcept;
  std::uint16_t transmit(PortId port, QueueId queue, std::span<rte_mbuf*> frames,
                         const std::uint8_t* burst_index) noexcept;
  void drop_unsent(std::span<rte_mbuf*> frames, const std::uint8_t* burst_index) noexcept;
  void free_unforwarded() noexcept;
  void hold() noexcept;
  void release() noexcept;
  void send_released(const pipeline::Released& released) noexcept;

  WorkerSetup setup_;
  pipeline::Shared& shared_;
  Qsbr& readers_;
  rte_mempool* pool_;
  std::atomic<bool> stop_{false};             ///< written by the control thread, once
  std::atomic<pipeline::Tap*> tap_{nullptr};  ///< the same, while a client is captured
  TscClock clock_;
  pipeline::Pipeline pipeline_;
  pipeline::Burst burst_;
  Mbufs received_{};                ///< by burst index
  Mbufs out_{};                     ///< for one port, or to be freed
  std::size_t scratch_slot_;        ///< bytes a frame has in scratch_
  std::vector<std::byte> scratch_;  ///< frames that came in several mbufs

  /// Written by the worker alone, read by the control thread.
  struct alignas(64) Counts {
    std::atomic<std::uint64_t> loops{0}, bursts{0}, frames_in{0}, replies{0}, busy_cycles{0};
    std::array<std::atomic<std::uint64_t>, kFillClasses> fill{};
  } counts_;
  Delays held_for_;
  std::uint64_t turn_began_ = 0;  ///< cycles; of the turn that is under way
};

}  // namespace gate511::dataplane
