// SPDX-License-Identifier: BSD-3-Clause
#include "control/store/replay.hpp"

#include <algorithm>
#include <utility>

#include "control/store/consumers.hpp"

namespace gate511::control::store {
namespace {

constexpr std::uint8_t kTold = 255;  // as a reason: its end was told of

bool is_before(const Restored::One& a, const Restored::One& b) {
  return a.session.id < b.session.id;
}

auto name_of(std::uint64_t id, const Place& place) {
  return std::tuple{id, place.key.bits(), place.link};
}

}  // namespace

Replay::Replay(Restored& restored) : restored_{restored} {
  for (Owed& owed : restored_.owed) owed_.emplace(name_of(owed.id, owed.place), std::move(owed));
  restored_.owed.clear();
}

Restored::One* Replay::find(std::uint64_t id) {
  if (const auto found = fresh_.find(id); found != fresh_.end()) return &found->second;
  auto& all = restored_.sessions;
  const auto found = std::lower_bound(
      all.begin(), all.end(), id,
      [](const Restored::One& one, std::uint64_t wanted) { return one.session.id < wanted; });
  return found != all.end() && found->session.id == id ? &*found : nullptr;
}

void Replay::apply(JournalRow row) {
  restored_.unix_ms = std::max(restored_.unix_ms, row.unix_ms);
  for (Change& change : row.changes) apply(std::move(change));
}

void Replay::apply(Change change) {
  if (auto* const put = std::get_if<Put>(&change)) {
    const std::uint64_t id = put->session.id;
    restored_.next_id = std::max(restored_.next_id, id + 1);
    if (Restored::One* const known = find(id)) {
      known->session = std::move(put->session);
    } else {
      fresh_.emplace(id, Restored::One{std::move(put->session), {}});
    }
  } else if (const auto* const count = std::get_if<Count>(&change)) {
    if (Restored::One* const known = find(count->id)) known->counts = count->counts;
  } else if (const auto* const end = std::get_if<End>(&change)) {
    restored_.next_id = std::max(restored_.next_id, end->id + 1);
    if (Restored::One* const known = find(end->id)) known->ended = end->reason;
  } else if (auto* const ended = std::get_if<Ended>(&change)) {
    restored_.next_id = std::max(restored_.next_id, ended->id + 1);
    if (Restored::One* const known = find(ended->id)) {
      if (known->ended != 0) known->ended = kTold;
    }
    if (is_wanted(restored_.consumers, ended->seq)) restored_.ended.push_back(std::move(*ended));
  } else if (const auto* const seq = std::get_if<SeqLimit>(&change)) {
    restored_.seq_limit = std::max(restored_.seq_limit, seq->limit);
  } else if (auto* const keyed = std::get_if<Keyed>(&change)) {
    restored_.keyed_by = std::move(keyed->by);
  } else if (auto* const used = std::get_if<UsedAs>(&change)) {
    restored_.used_as = std::move(used->as);
  } else if (auto* const owed = std::get_if<Owed>(&change)) {
    owed_.insert_or_assign(name_of(owed->id, owed->place), std::move(*owed));
  } else if (const auto* const paid = std::get_if<Paid>(&change)) {
    owed_.erase(name_of(paid->id, paid->place));
  } else {
    change_consumers(restored_.consumers, change);
    const std::uint64_t by_all = acknowledged_by_all(restored_.consumers);
    std::erase_if(restored_.ended, [by_all](const Ended& one) { return one.seq <= by_all; });
  }
}

void Replay::finish() {
  auto& all = restored_.sessions;
  for (auto& [id, one] : fresh_) all.push_back(std::move(one));
  fresh_.clear();
  for (auto& [name, owed] : owed_) restored_.owed.push_back(std::move(owed));
  owed_.clear();
  if (!std::is_sorted(all.begin(), all.end(), is_before))
    std::sort(all.begin(), all.end(), is_before);
  std::erase_if(all, [](const Restored::One& one) { return one.ended == kTold; });
  auto& ended = restored_.ended;
  // One that was written anew takes the place of what it was.
  std::stable_sort(ended.begin(), ended.end(),
                   [](const Ended& a, const Ended& b) { return a.seq < b.seq; });
  const auto first = std::unique(ended.rbegin(), ended.rend(),
                                 [](const Ended& a, const Ended& b) { return a.seq == b.seq; });
  ended.erase(ended.begin(), first.base());
}

}  // namespace gate511::control::store
