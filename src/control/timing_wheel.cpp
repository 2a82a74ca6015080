// SPDX-License-Identifier: BSD-3-Clause
//
// A timer stands at the level of the highest byte in which its tick differs from the present one,
// in the slot of that byte. So the slots of a level are in order of time, all of a level come
// before all of the next, and time may be set forward to just before the first that is occupied
// without anything being moved.
#include "control/timing_wheel.hpp"

#include <algorithm>
#include <bit>

namespace gate511::control {
namespace {

constexpr unsigned kBits = 8;
constexpr std::uint64_t kLastTick = (std::uint64_t{1} << 48) - 1;

std::size_t byte_of(std::uint64_t tick, unsigned level) {
  return tick >> (level * kBits) & 0xff;
}

}  // namespace

TimingWheel::TimingWheel(std::size_t timers, std::uint64_t now_ns)
    : timers_{timers},
      tick_{now_ns / kTick_ns},
      at_(timers),
      links_(timers + kLevels * kSlots + 2),
      due_{head(kLevels, 0)},
      moving_{due_ + 1} {
  for (std::uint32_t i = 0; i < links_.size(); ++i) links_[i] = {i, i};
}

void TimingWheel::unlink(std::uint32_t timer) {
  const auto [before, behind] = links_[timer];
  links_[before].behind = behind;
  links_[behind].before = before;
  links_[timer] = {timer, timer};
  // The last of a slot leaves its head alone.
  if (before == behind && before >= timers_ && before < due_) {
    const std::size_t slot = before - timers_;
    occupied_[slot / kSlots][slot % kSlots / 64] &= ~(std::uint64_t{1} << slot % 64);
  }
}

void TimingWheel::append(std::uint32_t list, std::uint32_t timer) {
  const std::uint32_t last = links_[list].before;
  links_[timer] = {last, list};
  links_[last].behind = timer;
  links_[list].before = timer;
}

void TimingWheel::place(std::uint32_t timer) {
  const std::uint64_t at = at_[timer];
  if (at <= tick_) return append(due_, timer);
  const auto level = static_cast<unsigned>(std::bit_width(at ^ tick_) - 1) / kBits;
  const std::size_t slot = byte_of(at, level);
  append(head(level, slot), timer);
  occupied_[level][slot / 64] |= std::uint64_t{1} << slot % 64;
}

void TimingWheel::set(std::uint32_t timer, std::uint64_t due_ns) {
  unlink(timer);
  at_[timer] = std::min((due_ns + kTick_ns - 1) / kTick_ns, kLastTick);
  place(timer);
}

void TimingWheel::clear(std::uint32_t timer) {
  unlink(timer);
}

TimingWheel::Next TimingWheel::next() const {
  for (unsigned level = 0; level < kLevels; ++level) {
    const std::size_t first = byte_of(tick_, level) + 1;
    for (std::size_t word = first / 64; word < kSlots / 64; ++word) {
      std::uint64_t bits = occupied_[level][word];
      if (word == first / 64) bits &= ~std::uint64_t{0} << first % 64;
      if (bits == 0) continue;
      const std::size_t slot = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
      const unsigned shift = level * kBits;
      const std::uint64_t above = tick_ >> (shift + kBits) << (shift + kBits);
      return {above | std::uint64_t{slot} << shift, level, slot};
    }
  }
  return {};
}

void TimingWheel::splice(std::uint32_t from, std::uint32_t to) {
  const auto [last, first] = links_[from];
  const std::uint32_t end = links_[to].before;
  links_[end].behind = first;
  links_[first].before = end;
  links_[last].behind = to;
  links_[to].before = last;
  links_[from] = {from, from};
  const std::size_t slot = from - timers_;
  occupied_[slot / kSlots][slot % kSlots / 64] &= ~(std::uint64_t{1} << slot % 64);
}

/// One step towards `now`. False: there is none to do.
bool TimingWheel::advance(std::uint64_t now) {
  if (!is_empty(moving_)) {
    const std::uint32_t timer = links_[moving_].behind;
    unlink(timer);
    place(timer);
    return true;
  }
  const Next found = next();
  if (found.tick > now) {
    tick_ = std::max(tick_, now);
    return false;
  }
  tick_ = found.tick;
  splice(head(found.level, found.slot), found.level == 0 ? due_ : moving_);
  return true;
}

std::optional<std::uint32_t> TimingWheel::take(std::uint64_t now_ns, std::size_t& steps) {
  for (; steps > 0; --steps) {
    if (!is_empty(due_)) {
      const std::uint32_t timer = links_[due_].behind;
      unlink(timer);
      --steps;
      return timer;
    }
    if (!advance(now_ns / kTick_ns)) return std::nullopt;
  }
  return std::nullopt;
}

bool TimingWheel::has_work(std::uint64_t now_ns) const {
  return !is_empty(due_) || !is_empty(moving_) || next().tick <= now_ns / kTick_ns;
}

}  // namespace gate511::control
