// SPDX-License-Identifier: BSD-3-Clause
//
// What holds a session to its rates: a token bucket each way, over all workers. Indexed like the
// table's slots; touched only for sessions whose state says that they have a rate.
//
// A bucket is one number, the time at which it was empty (as in ITU-T I.371's virtual scheduling):
// tokens come by its lying further and further back, and a frame moves it forward by the time that
// its bytes take at the rate. So one compare-and-swap charges a frame, whoever else does.
//
// A bucket of 50 ms alone starves TCP: with all of a window lost it waits for 200 ms, and finds 50
// ms of tokens, a quarter of its rate. So a session that was held back within the last 400 ms may
// make up for as much as 250 ms. One that sends without pause, or was not held back, gains nothing.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace gate511::table {

class alignas(64) Policer {
 public:
  static constexpr std::uint64_t kMaxRate_bps = 1'000'000'000'000;
  static constexpr std::uint64_t kBurst_ns = 50'000'000;    ///< the bucket's depth, at least
  static constexpr std::uint64_t kBurstBytes = 32'768;      ///< and that, where it is more
  static constexpr std::uint64_t kMakeUp_ns = 250'000'000;  ///< its depth, held back this lately:
  static constexpr std::int64_t kLately_ns = 400'000'000;

  /// Bits a second, at most kMaxRate_bps; 0: any. Control thread; holds from each worker's next
  /// burst on. The buckets are as full as they were in time.
  void set_rates(std::uint64_t up_bps, std::uint64_t down_bps) noexcept {
    up_.set_rate(up_bps);
    down_.set_rate(down_bps);
  }
  /// Full buckets, for a session that is new. Control thread.
  void refill() noexcept {
    up_.refill();
    down_.refill();
  }

  /// Any worker. `bytes`: of IP; `now_ns`: monotonic, the same clock for all. False: over the rate,
  /// and nothing was taken.
  [[nodiscard]] bool take_up(std::uint64_t bytes, std::uint64_t now_ns) noexcept {
    return up_.take(bytes, now_ns);
  }
  [[nodiscard]] bool take_down(std::uint64_t bytes, std::uint64_t now_ns) noexcept {
    return down_.take(bytes, now_ns);
  }

 private:
  struct Bucket {
    static constexpr unsigned kShift = 16;
    // Written by all workers that see its frames.
    std::atomic<std::uint64_t> empty_at_ns{0};
    std::atomic<std::uint64_t> held_back_ns{0};  ///< when a frame was dropped last
    std::atomic<std::uint64_t> per_byte{0};      ///< 2^-16 ns; written by the control thread

    void set_rate(std::uint64_t bps) noexcept {
      constexpr std::uint64_t kByteSecond = 8 * std::uint64_t{1'000'000'000} << kShift;
      per_byte.store(bps == 0 ? 0 : std::max<std::uint64_t>(kByteSecond / bps, 1),
                     std::memory_order_relaxed);
    }
    void refill() noexcept {
      empty_at_ns.store(0, std::memory_order_relaxed);
      held_back_ns.store(0, std::memory_order_relaxed);
    }
    bool take(std::uint64_t bytes, std::uint64_t now_ns) noexcept {
      const std::uint64_t each = per_byte.load(std::memory_order_relaxed);
      if (each == 0) return true;
      // Signed: another worker's clock was read a little later.
      const auto since_ns =
          static_cast<std::int64_t>(now_ns - held_back_ns.load(std::memory_order_relaxed));
      const bool lately = since_ns < kLately_ns;
      const std::uint64_t depth_ns =
          std::max(lately ? kMakeUp_ns : kBurst_ns, time_of(kBurstBytes, each));
      const std::uint64_t full_ns = now_ns > depth_ns ? now_ns - depth_ns : 0;
      const std::uint64_t cost_ns = time_of(bytes, each);
      std::uint64_t empty_ns = empty_at_ns.load(std::memory_order_relaxed);
      std::uint64_t then_ns = 0;
      do {
        then_ns = std::max(empty_ns, full_ns) + cost_ns;
        if (then_ns > now_ns) {
          held_back_ns.store(now_ns, std::memory_order_relaxed);
          return false;
        }
      } while (!empty_at_ns.compare_exchange_weak(empty_ns, then_ns, std::memory_order_relaxed));
      return true;
    }
    static std::uint64_t time_of(std::uint64_t bytes, std::uint64_t each) noexcept {
      __extension__ using Wide = unsigned __int128;
      return static_cast<std::uint64_t>(Wide{bytes} * each >> kShift);
    }
  };
  Bucket up_, down_;
};
static_assert(sizeof(Policer) == 64, "a cache line of its own: no other session waits for it");

}  // namespace gate511::table
