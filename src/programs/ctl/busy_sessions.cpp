// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/busy_sessions.hpp"

#include <algorithm>
#include <utility>

#include "programs/ctl/show.hpp"

namespace gate511::ctl {
namespace {

bool is_busier(const BusySession& a, const BusySession& b) {
  return a.sum() != b.sum() ? a.sum() > b.sum() : a.mac < b.mac;
}

double rate_bps(std::uint64_t now, std::uint64_t before, double seconds) {
  return now > before ? static_cast<double>(now - before) * 8 / seconds : 0;
}

}  // namespace

void BusySessions::see(const Json& sessions, double now_s) {
  for (const Json& one : sessions) {
    const std::uint64_t id = number(one, "id");
    const auto found = seen_.find(id);
    const Seen seen{number(one, "bytes_up"), number(one, "bytes_down"), now_s, round_};
    if (found == seen_.end()) {
      is_sample_ = is_sample_ || seen_.size() >= kFollowed;
      if (seen_.size() < kFollowed) seen_.emplace(id, seen);
      continue;
    }
    const Seen before = std::exchange(found->second, seen);
    const double seconds = now_s - before.at_s;
    if (seconds <= 0) continue;
    BusySession busy{cell(one, "mac"), cell(one, "tag"), cell(one, "user"),
                     rate_bps(seen.up, before.up, seconds),
                     rate_bps(seen.down, before.down, seconds)};
    if (busy.sum() > 0) keep(std::move(busy));
  }
}

void BusySessions::keep(BusySession session) {
  this_round_.push_back(std::move(session));
  if (this_round_.size() < 2 * kKept) return;
  std::nth_element(this_round_.begin(), this_round_.begin() + kKept, this_round_.end(), is_busier);
  this_round_.resize(kKept);
}

void BusySessions::end_round() {
  std::erase_if(seen_, [this](const auto& entry) { return entry.second.round != round_; });
  if (seen_.size() < kFollowed) is_sample_ = false;
  last_round_ = std::exchange(this_round_, {});
  ++round_;
}

std::vector<BusySession> BusySessions::busiest(std::size_t count) const {
  std::vector<BusySession> sorted = last_round_;
  std::sort(sorted.begin(), sorted.end(), is_busier);
  if (sorted.size() > count) sorted.resize(count);
  return sorted;
}

}  // namespace gate511::ctl
