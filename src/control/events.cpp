// SPDX-License-Identifier: BSD-3-Clause
#include "control/events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>
#include <vector>

namespace gate511::control {
namespace {

constexpr std::size_t kEventsAPump = 128;  // for each subscriber; more than a slice of ends
constexpr std::chrono::microseconds kPumpSlice{50};
constexpr EventBus::TypeMask kEnded = EventBus::TypeMask{1} << 2;
constexpr std::uint64_t kReserved = 1'000'000;  // numbers, each time
constexpr std::uint64_t kReserveAt = 100'000;   // left of them
constexpr std::uint64_t kDropsToTell = 256;
static_assert(EventBus::kTypes[2] == "session.ended");

/// When an event happened, by its line; 0 where that does not say so.
std::uint64_t time_of(std::string_view line) {
  constexpr std::string_view kName = R"("time":)";
  const std::size_t at = line.find(kName);
  std::uint64_t unix_s = 0;
  if (at != line.npos)
    std::from_chars(line.data() + at + kName.size(), line.data() + line.size(), unix_s);
  return unix_s;
}

}  // namespace

void EventBus::Held::push(std::shared_ptr<const Event> event) {
  bytes += event->line.size();
  events.push_back(std::move(event));
}

void EventBus::Held::pop() {
  bytes -= events.front()->line.size();
  events.pop_front();
}

std::size_t EventBus::Held::after(std::uint64_t seq) const {
  const auto found =
      std::upper_bound(events.begin(), events.end(), seq,
                       [](std::uint64_t number, const auto& event) { return number < event->seq; });
  return static_cast<std::size_t>(found - events.begin());
}

std::optional<EventBus::TypeMask> EventBus::mask_of(std::string_view type) {
  const auto* const found = std::find(kTypes.begin(), kTypes.end(), type);
  if (found == kTypes.end()) return std::nullopt;
  return TypeMask{1} << static_cast<unsigned>(found - kTypes.begin());
}

bool EventBus::is_named(std::string_view type) const {
  const TypeMask mask = mask_of(type).value_or(0);
  return std::any_of(subscribers_.begin(), subscribers_.end(),
                     [mask](const auto& one) { return (one.second.types & mask) != 0; });
}

void EventBus::emit(std::string_view type, const Json& members) {
  const std::string text = members.dump(-1, ' ', false, Json::error_handler_t::replace);
  emit_text(type, std::string_view{text}.substr(1, text.size() - 2));
}

void EventBus::emit_text(std::string_view type, std::string_view members) {
  const auto mask = mask_of(type);
  if (!mask) return;
  const std::uint64_t unix_s = clock_.unix_ns() / kNsPerSecond;
  auto event = std::make_shared<const Event>(
      Event{++seq_, *mask, unix_s,
            fmt::format(R"({{"jsonrpc":"2.0","method":"event","params":{{"seq":{},"time":{},)"
                        R"("type":"{}"{}{}}}}})",
                        seq_, unix_s, type, members.empty() ? "" : ",", members)});
  if (keeper_ && seq_ + kReserveAt >= seq_limit_) reserve_numbers();
  if (*mask == kEnded && !consumers_.empty()) {
    kept_.push(event);
    while (kept_.events.size() > limits_.kept || kept_.bytes > limits_.kept_bytes) drop_kept();
  }
  recent_.push(std::move(event));
  while (recent_.events.size() > limits_.recent || recent_.bytes > limits_.recent_bytes)
    recent_.pop();
  has_work_ = has_work_ || !subscribers_.empty();
}

void EventBus::emit_end(std::uint64_t session, std::string_view members) {
  emit_text("session.ended", members);
  if (!keeper_) return;
  const bool is_wanted = !consumers_.empty() && !kept_.events.empty();
  keeper_->ended(session, seq_, is_wanted ? kept_.events.back()->line : std::string_view{});
}

void EventBus::reserve_numbers() {
  seq_limit_ = seq_ + kReserved;
  keeper_->seq_limit(seq_limit_);
}

void EventBus::restore(Keeper keeper, std::uint64_t seq_limit, std::vector<KeptConsumer> consumers,
                       std::vector<KeptEnd> ends) {
  keeper_ = std::move(keeper);
  seq_ = seq_limit;
  reserve_numbers();
  for (KeptConsumer& consumer : consumers)
    consumers_.emplace(std::move(consumer.name), Consumer{consumer.acknowledged, 0});
  for (KeptEnd& end : ends)
    kept_.push(std::make_shared<const Event>(
        Event{end.seq, kEnded, time_of(end.line), std::move(end.line)}));
}

void EventBus::keep_consumers() {
  if (!keeper_) return;
  for (const auto& [name, consumer] : consumers_) keeper_->consumer(name, consumer.acknowledged);
}

void EventBus::drop_kept() {
  const std::uint64_t seq = kept_.events.front()->seq;
  for (auto& [name, consumer] : consumers_) {
    if (consumer.acknowledged >= seq) continue;
    consumer.acknowledged = seq;
    ++consumer.dropped;
    ++counts_.dropped;
  }
  kept_.pop();
  // The store has them for so long: it need not follow each one.
  if (counts_.dropped % kDropsToTell == 0) keep_consumers();
}

std::uint64_t EventBus::oldest() const {
  return recent_.events.empty() ? seq_ + 1 : recent_.events.front()->seq;
}

/// Ends that happened before there was a consumer stand among the latest only.
void EventBus::keep_recent_ends(std::uint64_t since) {
  Held merged;
  const std::uint64_t kept_from = kept_.events.empty() ? seq_ + 1 : kept_.events.front()->seq;
  for (std::size_t i = recent_.after(since); i < recent_.events.size(); ++i) {
    const auto& event = recent_.events[i];
    if (event->seq >= kept_from) break;
    if (event->type != kEnded) continue;
    merged.push(event);
    if (keeper_) keeper_->ended(0, event->seq, event->line);
  }
  for (auto& event : kept_.events) merged.push(std::move(event));
  kept_ = std::move(merged);
  while (kept_.events.size() > limits_.kept || kept_.bytes > limits_.kept_bytes) drop_kept();
}

std::optional<EventBus::Subscribed> EventBus::subscribe(std::uint64_t connection,
                                                        const Wanted& wanted) {
  const std::uint64_t since = std::min(wanted.since.value_or(seq_), seq_);
  Subscribed made{.seq = seq_, .oldest = oldest()};
  if (since + 1 < made.oldest) made.missed = made.oldest - 1 - since;
  std::uint64_t acknowledged = seq_;
  if (!wanted.consumer.empty()) {
    auto known = consumers_.find(wanted.consumer);
    if (known == consumers_.end()) {
      if (consumers_.size() >= limits_.consumers) return std::nullopt;
      known = consumers_.emplace(wanted.consumer, Consumer{since, 0}).first;
      if (keeper_) keeper_->consumer(wanted.consumer, since);
      keep_recent_ends(since);
    }
    for (auto at = subscribers_.begin(); at != subscribers_.end();) {
      const auto old = at++;
      if (old->first == connection || old->second.consumer != wanted.consumer) continue;
      wire_.close(old->first);
      subscribers_.erase(old);
    }
    acknowledged = known->second.acknowledged;
    made.kept = kept_.events.size() - kept_.after(acknowledged);
    made.dropped = known->second.dropped;
  }
  subscribers_.insert_or_assign(
      connection,
      Subscriber{wanted.types, wanted.consumer, std::max(since, made.oldest - 1), acknowledged});
  wire_.keep(connection);
  has_work_ = true;
  return made;
}

std::optional<std::size_t> EventBus::acknowledge(const std::string& consumer, std::uint64_t seq) {
  const auto found = consumers_.find(consumer);
  if (found == consumers_.end()) return std::nullopt;
  found->second.acknowledged = std::max(found->second.acknowledged, std::min(seq, seq_));
  if (keeper_) keeper_->consumer(consumer, found->second.acknowledged);
  drop_acknowledged();
  return kept_.events.size() - kept_.after(found->second.acknowledged);
}

bool EventBus::forget(const std::string& consumer) {
  if (consumers_.erase(consumer) == 0) return false;
  if (keeper_) keeper_->forget(consumer);
  for (auto& [connection, subscriber] : subscribers_) {
    if (subscriber.consumer == consumer) subscriber.consumer.clear();
  }
  drop_acknowledged();
  return true;
}

void EventBus::drop_acknowledged() {
  std::uint64_t by_all = seq_;
  for (const auto& [name, consumer] : consumers_) by_all = std::min(by_all, consumer.acknowledged);
  while (!kept_.events.empty() && kept_.events.front()->seq <= by_all) kept_.pop();
}

/// The next in the order of their numbers. A consumer's ends come from what is kept.
const EventBus::Event* EventBus::next_for(Subscriber& subscriber) const {
  const bool is_consumer = !subscriber.consumer.empty();
  const Event* recent = nullptr;
  for (std::size_t i = recent_.after(subscriber.recent_after); i < recent_.events.size(); ++i) {
    const Event& event = *recent_.events[i];
    if ((event.type & subscriber.types) != 0 && !(is_consumer && event.type == kEnded)) {
      recent = &event;
      break;
    }
    subscriber.recent_after = event.seq;
  }
  if (is_consumer && (subscriber.types & kEnded) != 0) {
    const std::size_t i = kept_.after(subscriber.kept_after);
    if (i < kept_.events.size() && (recent == nullptr || kept_.events[i]->seq < recent->seq)) {
      subscriber.kept_after = kept_.events[i]->seq;
      return kept_.events[i].get();
    }
  }
  if (recent != nullptr) subscriber.recent_after = recent->seq;
  return recent;
}

bool EventBus::pump_one(std::uint64_t connection, Subscriber& subscriber) {
  const auto owed = wire_.owed(connection);
  if (!owed) return false;
  if (subscriber.recent_after + 1 < oldest()) {
    ++counts_.overrun;
    wire_.close(connection);
    return false;
  }
  // Woken again when the connection has taken some of it.
  if (*owed > limits_.owed) return true;
  std::string lines;
  for (std::size_t i = 0; i < kEventsAPump; ++i) {
    const Event* const event = next_for(subscriber);
    if (event == nullptr) break;
    if (!lines.empty()) lines.push_back('\n');
    lines += event->line;
    has_work_ = has_work_ || i + 1 == kEventsAPump;
  }
  return lines.empty() || wire_.push(connection, lines);
}

void EventBus::pump() {
  has_work_ = false;
  const auto until = std::chrono::steady_clock::now() + kPumpSlice;
  for (std::size_t left = subscribers_.size(); left > 0; --left) {
    auto next = subscribers_.upper_bound(last_pumped_);
    if (next == subscribers_.end()) next = subscribers_.begin();
    last_pumped_ = next->first;
    if (!pump_one(next->first, next->second)) subscribers_.erase(next);
    if (left == 1 || std::chrono::steady_clock::now() < until) continue;
    has_work_ = true;
    return;
  }
}

}  // namespace gate511::control
