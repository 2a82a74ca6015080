// SPDX-License-Identifier: BSD-3-Clause
#include "portal/web/limiter.hpp"

#include <algorithm>

namespace gate511::portal {

using std::chrono::seconds;

seconds Limiter::left(const Window& window, std::uint32_t limit, Clock::time_point now) {
  if (window.failures < limit || window.ends <= now) return seconds{0};
  return std::chrono::ceil<seconds>(window.ends - now);
}

void Limiter::count(Window& window, Clock::time_point now) const {
  if (window.ends <= now) window = {now + limits_.window, 0};
  ++window.failures;
}

seconds Limiter::wait(std::string_view key, Clock::time_point now) {
  const std::lock_guard lock{mutex_};
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || found->second->window.ends <= now) return seconds{0};
  return std::max(left(all_, limits_.of_all, now),
                  left(found->second->window, limits_.of_key, now));
}

bool Limiter::failed(std::string_view key, Clock::time_point now) {
  const std::lock_guard lock{mutex_};
  count(all_, now);
  auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    if (entries_.size() >= kMaxKeys) {
      by_key_.erase(entries_.back().key);
      entries_.pop_back();
    }
    entries_.push_front({std::string{key}, {}});
    found = by_key_.emplace(entries_.front().key, entries_.begin()).first;
  } else {
    entries_.splice(entries_.begin(), entries_, found->second);
  }
  count(found->second->window, now);
  return found->second->window.failures == limits_.of_key;
}

std::size_t Limiter::keys() const {
  const std::lock_guard lock{mutex_};
  return entries_.size();
}

}  // namespace gate511::portal
