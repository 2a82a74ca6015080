// SPDX-License-Identifier: BSD-3-Clause
//
// A session's traffic as one worker saw it. Each worker has an array of its own, indexed like the
// table's slots; the control thread sums them. They only ever grow: the control thread remembers
// what stood there when an index was given to a new session.
#pragma once

#include <atomic>
#include <cstdint>

namespace gate511::table {

struct TrafficCounts {
  std::uint64_t packets_up = 0;  ///< access to uplink
  std::uint64_t bytes_up = 0;    ///< IP bytes: from the IP header on, without Ethernet padding
  std::uint64_t packets_down = 0;
  std::uint64_t bytes_down = 0;

  TrafficCounts& operator+=(const TrafficCounts& other) noexcept {
    packets_up += other.packets_up;
    bytes_up += other.bytes_up;
    packets_down += other.packets_down;
    bytes_down += other.bytes_down;
    return *this;
  }
  TrafficCounts& operator-=(const TrafficCounts& other) noexcept {
    packets_up -= other.packets_up;
    bytes_up -= other.bytes_up;
    packets_down -= other.packets_down;
    bytes_down -= other.bytes_down;
    return *this;
  }
};

/// Written by one worker with relaxed stores, read by the control thread.
struct SessionCounters {
  std::atomic<std::uint64_t> packets_up{0};
  std::atomic<std::uint64_t> bytes_up{0};
  std::atomic<std::uint64_t> packets_down{0};
  std::atomic<std::uint64_t> bytes_down{0};

  void count_up(std::uint64_t bytes) noexcept { count(packets_up, bytes_up, bytes); }
  void count_down(std::uint64_t bytes) noexcept { count(packets_down, bytes_down, bytes); }

  [[nodiscard]] TrafficCounts read() const noexcept {
    return {packets_up.load(std::memory_order_relaxed), bytes_up.load(std::memory_order_relaxed),
            packets_down.load(std::memory_order_relaxed),
            bytes_down.load(std::memory_order_relaxed)};
  }

 private:
  // A load and a store, not a fetch_add: there is one writer, so no locked instruction is needed.
  static void count(std::atomic<std::uint64_t>& packets, std::atomic<std::uint64_t>& octets,
                    std::uint64_t bytes) noexcept {
    packets.store(packets.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    octets.store(octets.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
  }
};
static_assert(sizeof(SessionCounters) == 32);

}  // namespace gate511::table
