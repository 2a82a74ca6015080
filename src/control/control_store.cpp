// SPDX-License-Identifier: BSD-3-Clause
//
// Control and its store: what was held when it was opened goes back to where it belongs.
#include <fmt/format.h>

#include <utility>

#include "control/control.hpp"
#include "control/store/sqlite_store.hpp"
#include "control/stored_keys.hpp"
#include "logging/log.hpp"

namespace gate511::control {

tl::expected<void, Error> Control::open_store(const Config& config) {
  if (config.sessions.store.empty()) return {};
  auto opened = store::SqliteStore::open(config.sessions.store, clock_.unix_ns() / kNsPerSecond);
  if (!opened) {
    opened.error().where = config.where("sessions.store");
    return tl::unexpected{opened.error()};
  }
  store_ = std::move(opened->store);
  store::Restored& restored = opened->restored;
  ledger_.connect(*store_, restored.unix_ms, config.sessions.store_may_fail);
  sessions_.restore_next_id(restored.next_id);
  if (auto taken = take_stored_keys(restored, keys_); !taken) {
    taken.error().where = config.where("sessions.key");
    return taken;
  }
  if (must_tell_kind(restored, keys_)) ledger_.note({store::Keyed{std::string{keys_.kind_name()}}});
  constexpr std::size_t kAhead = 16;
  for (std::size_t i = 0; i < restored.sessions.size(); ++i) {
    if (i + kAhead < restored.sessions.size())
      sessions_.prefetch(restored.sessions[i + kAhead].session.key);
    if (sessions_.restore(restored.sessions[i])) continue;
    return tl::unexpected{
        Error{config.where("sessions.capacity"),
              fmt::format("the store holds {} sessions, and `sessions.capacity` is {}",
                          restored.sessions.size(), config.sessions.capacity),
              "raise it, or take another store"}};
  }
  restore_events(restored);
  store_note_ = std::move(restored.note);
  if (!store_note_.empty()) logging::say(logging::Level::kError, "store", store_note_);
  if (ledger_.behind_s() > 0) {
    logging::say(
        logging::Level::kWarning, "clock",
        fmt::format("the clock is {} s behind the time that {} was written at; sessions end as if "
                    "it were not",
                    ledger_.behind_s(), config.sessions.store));
  }
  return {};
}

void Control::restore_events(store::Restored& restored) {
  std::vector<EventBus::KeptConsumer> consumers;
  for (store::Consumer& consumer : restored.consumers)
    consumers.push_back({std::move(consumer.name), consumer.acknowledged});
  std::vector<EventBus::KeptEnd> ends;
  for (store::Ended& ended : restored.ended) ends.push_back({ended.seq, std::move(ended.line)});
  events_.restore(
      {.ended =
           [this](std::uint64_t session, std::uint64_t seq, std::string_view line) {
             ends_.emplace_back(store::Ended{session, seq, std::string{line}});
           },
       .consumer =
           [this](const std::string& name, std::uint64_t acknowledged) {
             ends_.emplace_back(store::Consumer{name, acknowledged});
           },
       .forget = [this](const std::string& name) { ends_.emplace_back(store::Forget{name}); },
       .seq_limit = [this](std::uint64_t limit) { ledger_.note({store::SeqLimit{limit}}); }},
      restored.seq_limit, std::move(consumers), std::move(ends));
}

/// Many sessions may end in a turn: one hand-over for all of them.
void Control::store_ends() {
  if (!ends_.empty()) ledger_.note(std::exchange(ends_, {}));
}

}  // namespace gate511::control
