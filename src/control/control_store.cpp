// SPDX-License-Identifier: BSD-3-Clause
//
// Control and its store: what was held when it was opened goes back to where it belongs.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <utility>

#include "control/control.hpp"
#include "control/store/sqlite_store.hpp"
#include "control/stored_keys.hpp"
#include "logging/log.hpp"

namespace gate511::control {
namespace {

constexpr std::uint64_t kWaitForShared_ns = 15 * kNsPerSecond;

/// The same after a restart, and no other gateway's: machines that were made of one image have
/// their boot for themselves.
std::string instance_name(const std::string& copy) {
  std::array<char, 256> host{};
  static_cast<void>(::gethostname(host.data(), host.size() - 1));
  std::string machine, boot;
  std::ifstream{"/etc/machine-id"} >> machine;
  std::ifstream{"/proc/sys/kernel/random/boot_id"} >> boot;
  return fmt::format("{} {} {} {}", host.data(), machine, boot, copy);
}

}  // namespace

tl::expected<void, Error> Control::open_store(const Config& config) {
  if (config.sessions.store.empty()) return {};
  const bool is_shared = config.sessions.is_shared();
  const std::string& file = config.sessions.file();
  auto opened = store::SqliteStore::open(file, clock_.unix_ns() / kNsPerSecond);
  if (!opened) {
    opened.error().where = config.where(is_shared ? "sessions.copy" : "sessions.store");
    return tl::unexpected{opened.error()};
  }
  store_ = std::move(opened->store);
  store::Restored& restored = opened->restored;
  if (auto checked = check_use(restored, config.sessions); !checked) {
    checked.error().where = config.where(is_shared ? "sessions.copy" : "sessions.store");
    return checked;
  }
  if (is_shared) {
    if (auto shared = share_store(config, restored); !shared) return shared;
  }
  // Where it is shared, the store itself knows what goes on without it.
  ledger_.connect(*store_, restored.unix_ms, config.sessions.store_may_fail && !is_shared);
  sessions_.restore_next_id(restored.next_id);
  if (auto taken = take_stored_keys(restored, keys_); !taken) {
    taken.error().where = config.where("sessions.key");
    return taken;
  }
  if (must_tell_kind(restored, keys_)) ledger_.note({store::Keyed{std::string{keys_.kind_name()}}});
  if (const std::string use = use_of(config.sessions); is_shared && restored.used_as != use)
    ledger_.note({store::UsedAs{use}});
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
  if (shared_) {
    sessions_.number_as(config.sessions.gateway, ledger_.now_ms());
    for (const store::Owed& owed : restored.owed) sessions_.note_owed(owed);
    wait_for_shared();
  }
  store_note_ = std::move(restored.note);
  if (!store_note_.empty()) logging::say(logging::Level::kError, "store", store_note_);
  if (ledger_.behind_s() > 0) {
    logging::say(
        logging::Level::kWarning, "clock",
        fmt::format("the clock is {} s behind the time that {} was written at; sessions end as if "
                    "it were not",
                    ledger_.behind_s(), file));
  }
  return {};
}

tl::expected<void, Error> Control::share_store(const Config& config, store::Restored& restored) {
  const SessionsConfig& sessions = config.sessions;
  auto url = redis::parse_url(sessions.store);
  if (!url) {
    return tl::unexpected{
        Error{config.where("sessions.store"), url.error(), "give redis://HOST:PORT/DATABASE"}};
  }
  redis::TlsTrust trust;
  if (url->is_tls) {
    auto made = redis::make_trust(sessions.store_ca);
    if (!made) {
      made.error().where = config.where("sessions.store_ca");
      return tl::unexpected{made.error()};
    }
    trust = std::move(*made);
  }
  auto shared = store::SharedStore::open({.url = std::move(*url),
                                          .trust = std::move(trust),
                                          .prefix = sessions.store_prefix,
                                          .gateway = sessions.gateway,
                                          .instance = instance_name(sessions.copy),
                                          .keyed_by = std::string{keys_.kind_name()},
                                          .known_ms = restored.unix_ms,
                                          .owed = restored.owed},
                                         std::move(store_), sessions.store_may_fail);
  if (!shared) return tl::unexpected{shared.error()};
  shared_ = std::make_unique<SharedSessions>(**shared, sessions_, keys_, sessions.gateway);
  session_events_.tell_as(sessions.gateway);
  store_ = std::move(*shared);
  return {};
}

/// Before the ports come up: what was revoked while this gateway was down must not pass. Without
/// the shared store its copy has to do.
void Control::wait_for_shared() {
  const std::uint64_t until = clock_.boot_ns() + kWaitForShared_ns;
  while (!shared_->is_settled() && clock_.boot_ns() < until) {
    pollfd ready{store_->fd(), POLLIN, 0};
    const bool has_more = shared_->has_work() || !sessions_.is_in_sync();
    static_cast<void>(::poll(&ready, 1, has_more ? 0 : 10));
    store_->finish();
    shared_->work();
    sessions_.work_on_sync();
  }
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
