// SPDX-License-Identifier: BSD-3-Clause
//
// Events: what is held of one client, to be told or to be taken out.
#include <algorithm>
#include <string>

#include "control/events.hpp"
#include "control/mac_text.hpp"

namespace gate511::control {
namespace {

constexpr std::size_t kEventsAStep = 128;
constexpr std::size_t kMaxLines = 500;

/// True: the MAC stood in `text`, in whatever form, and its digits are 0 now.
bool anonymize(std::string& text, net::MacAddress mac) {
  std::size_t size = 0, at = find_mac(text, mac, 0, size);
  const bool found = at != std::string::npos;
  for (; at != std::string::npos; at = find_mac(text, mac, at + size, size))
    text.replace(at, size, without_digits({text.data() + at, size}));
  return found;
}

/// Also what tells of its addresses goes, from where it stood. True: it stood in `json`.
bool anonymize(Json& json, net::MacAddress mac) {
  bool found = false;
  if (json.is_string()) {
    found = anonymize(json.get_ref<std::string&>(), mac);
  } else if (json.is_structured()) {
    for (Json& inner : json) found = anonymize(inner, mac) || found;
  }
  if (found && json.is_object()) {
    for (const char* const name : {"bind_ip", "address", "addresses", "ip"}) json.erase(name);
  }
  return found;
}

}  // namespace

bool EventBus::search_some(Search& search) {
  Held& held = search.is_in_kept ? kept_ : recent_;
  std::size_t at = held.after(search.after);
  const std::size_t end = std::min(held.events.size(), at + kEventsAStep);
  for (; at < end; ++at) {
    std::shared_ptr<const Event>& event = held.events[at];
    search.after = event->seq;
    if (std::size_t size = 0; find_mac(event->line, search.mac, 0, size) == std::string::npos)
      continue;
    // Those that are kept stand among the latest as well, as long as these are held.
    if (!search.is_in_kept || event->seq < oldest()) {
      ++search.count;
      if (!search.anonymizes && search.lines.size() < kMaxLines)
        search.lines.push_back(event->line);
    }
    if (!search.anonymizes) continue;
    Json line = Json::parse(event->line, nullptr, false);
    anonymize(line, search.mac);
    held.bytes -= event->line.size();
    event = std::make_shared<const Event>(
        Event{event->seq, event->type, event->unix_s,
              line.dump(-1, ' ', false, Json::error_handler_t::replace)});
    held.bytes += event->line.size();
    if (search.is_in_kept && keeper_) keeper_->ended(0, event->seq, event->line);
  }
  if (end < held.events.size()) return true;
  if (search.is_in_kept) return false;
  search.is_in_kept = true;
  search.after = 0;
  return true;
}

void EventBus::drop_old() {
  const std::uint64_t now_s = clock_.unix_ns() / kNsPerSecond;
  const auto is_old = [&](const Held& held) {
    return !held.events.empty() && held.events.front()->unix_s + keep_s_ < now_s;
  };
  std::size_t dropped = 0;
  for (; dropped < kEventsAStep && is_old(recent_); ++dropped) recent_.pop();
  bool has_dropped_kept = false;
  for (; dropped < kEventsAStep && is_old(kept_); ++dropped) {
    drop_kept();
    has_dropped_kept = true;
  }
  if (has_dropped_kept) keep_consumers();
}

}  // namespace gate511::control
