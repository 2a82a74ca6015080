// SPDX-License-Identifier: BSD-3-Clause
//
// Timers by a small number, such as a table's index, in a hierarchical timing wheel (Varghese and
// Lauck, 1987): to set, to clear and to find the next is all of constant cost, however many timers
// wait. A timer is moved once a level on its way down, which is done in slices too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace gate511::control {

class TimingWheel {
 public:
  static constexpr std::uint64_t kTick_ns = 1'000'000;

  /// Timers are 0 to `timers` - 1; none is set. `now_ns`: of a clock that never goes back.
  TimingWheel(std::size_t timers, std::uint64_t now_ns);

  /// Due at `due_ns`, or up to a tick later; what was set before is forgotten.
  void set(std::uint32_t timer, std::uint64_t due_ns);
  void clear(std::uint32_t timer);

  /// One that is due, which is clear from then on. Touches no more than `steps` timers, which it
  /// takes off: with none left there may be more.
  [[nodiscard]] std::optional<std::uint32_t> take(std::uint64_t now_ns, std::size_t& steps);
  /// take() has something to do.
  [[nodiscard]] bool has_work(std::uint64_t now_ns) const;

 private:
  static constexpr unsigned kLevels = 6;  // of 8 bits: 2^48 ticks, which are 8,900 years
  static constexpr std::size_t kSlots = 256;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  struct Links {
    std::uint32_t before;
    std::uint32_t behind;
  };
  /// Where the next timers are, and from which tick on they are to be looked at.
  struct Next {
    std::uint64_t tick = kNever;
    unsigned level = 0;
    std::size_t slot = 0;
  };

  [[nodiscard]] std::uint32_t head(unsigned level, std::size_t slot) const {
    return static_cast<std::uint32_t>(timers_ + level * kSlots + slot);
  }
  [[nodiscard]] bool is_empty(std::uint32_t list) const { return links_[list].behind == list; }
  [[nodiscard]] Next next() const;
  void unlink(std::uint32_t timer);
  void append(std::uint32_t list, std::uint32_t timer);
  void place(std::uint32_t timer);
  void splice(std::uint32_t from, std::uint32_t to);
  bool advance(std::uint64_t now);

  std::size_t timers_;
  std::uint64_t tick_;             ///< all that is due by then is on due_ or moving_
  std::vector<std::uint64_t> at_;  ///< tick, by timer
  std::vector<Links> links_;       ///< of the timers, then of the lists' heads
  std::uint32_t due_;              ///< list of what take() gives
  std::uint32_t moving_;           ///< list of what is on its way to lower levels
  /// A bit for each slot that is not empty.
  std::array<std::array<std::uint64_t, kSlots / 64>, kLevels> occupied_{};
};

}  // namespace gate511::control
