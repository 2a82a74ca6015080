// SPDX-License-Identifier: BSD-3-Clause
#include "control/control.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "logging/log.hpp"

namespace gate511::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// While someone waits for the workers: they pass a quiescent point every few microseconds.
constexpr nanoseconds kUrgent{50'000};
/// While someone wants to hear of guests: the workers' reports are looked for so often.
constexpr nanoseconds kGuestNews{2'000'000};
/// A turn without what the sockets cost, and without its last step: the largest, a batch that is
/// handed to the store, takes five times as long.
constexpr std::chrono::microseconds kTurn{20};
constexpr milliseconds kPatience{200};
constexpr std::uint64_t kCheckpoint_ns = 30 * kNsPerSecond;  // what is lost of counters at worst
constexpr std::uint64_t kKeepGarden_ns = 60 * kNsPerSecond;
constexpr std::uint64_t kTick_ns = nanoseconds{Control::kTick}.count();

/// CPU time, since what others take from this thread is not its doing.
std::uint64_t thread_time_ns() {
  std::timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kNsPerSecond +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

Control::Control(const Config& config, Parts parts, std::unique_ptr<Background> background)
    : memory_{parts.memory},
      clock_{std::move(parts.clock)},
      keys_{parts.keys},
      status_{parts.status},
      grace_{parts.grace, clock_},
      ledger_{clock_, keys_},
      sessions_{{parts.table, grace_, parts.status, clock_, ledger_, parts.shared.policers,
                 parts.shared.bindings},
                config.sessions.defaults()},
      config_{config},
      events_{clock_},
      session_events_{events_, keys_},
      sightings_{parts.sightings},
      clients_{parts.table, keys_, clock_, {.capacity = config.guest.table_capacity}},
      guest_news_{{events_, clock_, [this](std::uint8_t link) { return routers_.link_name(link); },
                   [&shared = parts.shared](std::uint8_t link, std::uint16_t vlan) {
                     const auto* const now = shared.snapshot.load(std::memory_order_acquire);
                     return now->zone(now->links[link].zone_of_vlan[vlan]).name;
                   }}},
      numbers_{{parts.status, clock_, sessions_, config_, events_, ledger_, clients_, parts.version,
                [this] { return server_numbers(); },
                [this] { return garden_permits_.permits().size(); }}},
      service_{{sessions_, grace_, parts.status, clock_, std::move(parts.version), keys_, events_,
                config_, jobs_, ledger_, numbers_,
                [this] { return audit_ ? audit_->problem() : std::string{}; },
                [this] { return store_note_; }, [this] { return records_problem(); },
                [this] { return records_note(); }}},
      client_methods_{
          {clients_, announcements_, sessions_, sightings_, parts.shared, clock_, keys_},
          service_.dispatcher()},
      session_change_methods_{
          {sessions_, clock_, [this](std::string_view change) { return service_.not_seen(change); },
           [this](std::string_view change) { return service_.not_stored(change); }, keys_,
           [this] { return service_.backed_up(); }},
          service_.dispatcher()},
      garden_methods_{{config_, grace_, garden_permits_,
                       [this](std::string_view change) { return service_.not_seen(change); }},
                      service_.dispatcher()},
      record_methods_{service_.dispatcher()},
      subject_methods_{{sessions_,
                        clients_,
                        events_,
                        ledger_,
                        grace_,
                        jobs_,
                        keys_,
                        parts.shared,
                        clock_,
                        [this] { store_ends(); },
                        [this](Background::Task work, Background::Task then) {
                          background_->run(std::move(work), std::move(then));
                        },
                        [this](std::string_view change) { return service_.not_seen(change); },
                        {config.sessions.file(), config.records.file}},
                       service_.dispatcher()},
      capture_methods_{{config_, parts.taps, parts.status, grace_, clock_, jobs_,
                        [this](const Caller& caller, const std::string& mac,
                               std::uint64_t seconds) { tell_of_capture(caller, mac, seconds); },
                        [this](const CaptureMethods::Ended& ended) { tell_of_capture(ended); }},
                       service_.dispatcher()},
      background_{std::move(background)},
      config_methods_{{config_, sessions_, grace_, events_, parts.status,
                       [this](std::string_view change) { return service_.not_seen(change); },
                       [this](Background::Task work, Background::Task then) {
                         background_->run(std::move(work), std::move(then));
                       }},
                      service_.dispatcher()} {
  sessions_.set_listener(&listeners_);
  sessions_.set_leases([this](table::Key key) { return clients_.leased_v4(keys_.client_of(key)); });
  clients_.on_guest([this](const SeenClient& client) { guest_news_.seen(client); },
                    GuestNews::kQuiet_ns);
  garden_state_ = config.garden_state.state;
}

tl::expected<std::unique_ptr<Control>, Error> Control::open(const Config& config, Parts parts) {
  auto background = Background::start();
  if (!background) return tl::unexpected{background.error()};
  std::unique_ptr<Control> control{new Control{config, std::move(parts), std::move(*background)}};
  const Dispatcher& dispatcher = std::as_const(control->service_).dispatcher();
  Jobs& jobs = control->jobs_;
  if (const auto opened = control->open_audit_log(config.control.audit_log); !opened)
    return tl::unexpected{opened.error()};
  ServerOptions options{.socket = config.control.socket,
                        .status_socket = config.control.status_socket,
                        .group = config.control.group,
                        .tls_listen = config.control.tls_listen,
                        .tls_clients = config.control.tls_clients};
  if (!options.tls_listen.empty()) {
    auto tls =
        TlsContext::open({config.control.tls_cert, config.control.tls_key, config.control.tls_ca});
    if (!tls) return tl::unexpected{tls.error()};
    options.tls = std::make_shared<const TlsContext>(std::move(*tls));
  }
  auto server = Server::open(
      std::move(options),
      [&dispatcher, &jobs](const Caller& caller, std::string_view line, Server::Reply reply) {
        jobs.add(caller.connection, dispatcher.begin(caller, line, std::move(reply)));
      },
      {Dispatcher::line_too_long(), Dispatcher::too_many_clients(),
       Dispatcher::too_many_of_user()});
  if (!server) return tl::unexpected{server.error()};
  control->server_ = std::move(*server);
  if (const auto opened = control->open_store(config); !opened)
    return tl::unexpected{opened.error()};
  if (const auto opened = control->open_metrics(config); !opened)
    return tl::unexpected{opened.error()};
  if (const auto opened = control->open_records(config); !opened)
    return tl::unexpected{opened.error()};
  Background& aside = *control->background_;
  if (auto watched = control->watch(aside.fd(), [&aside] { aside.finish(); }); !watched)
    return tl::unexpected{watched.error()};
  if (store::Store* const store = control->store_.get()) {
    if (auto watched = control->watch(store->fd(), [store] { store->finish(); }); !watched)
      return tl::unexpected{watched.error()};
  }
  control->connect();
  return control;
}

Control::~Control() {
  save();
  if (ends_with_process_) sessions_.leave_records();
}

void Control::save() {
  background_.reset();  // it may be writing that file
  if (const std::string file = std::exchange(garden_state_, {});
      !file.empty() && garden_permits_.has_ever_changed())
    log_garden(replace_file(file, garden_permits_.text()));
  if (store_) {
    store_ends();
    sessions_.checkpoint_all();
    shared_.reset();
    store_.reset();
  }
  keeper_.reset();
}

void Control::connect() {
  Server& server = *server_;
  events_.connect({.push = [&server](std::uint64_t to,
                                     std::string_view lines) { return server.push(to, lines); },
                   .owed = [&server](std::uint64_t connection) { return server.owed(connection); },
                   .keep = [&server](std::uint64_t connection) { server.keep(connection); },
                   .close = [&server](std::uint64_t connection) { server.close(connection); }});
  server.on_gone([this](std::uint64_t connection) {
    events_.unsubscribe(connection);
    capture_methods_.gone(connection);
  });
  server.on_tls_refused([this](const std::string& why) {
    tls_refused_ = why;
    ++tls_refused_count_;
  });
  server.on_refused([this](const std::string& user) { ++refused_[user]; });
}

tl::expected<void, Error> Control::open_audit_log(const std::string& path) {
  if (path.empty()) return {};
  auto opened = AuditLog::open(path, clock_);
  if (!opened) return tl::unexpected{opened.error()};
  audit_ = std::move(*opened);
  subject_methods_.set_audit(audit_.get());
  service_.set_audit([this](const Caller& caller, std::string_view method, const Json& params) {
    return [this, caller, method = std::string{method},
            // Who is forgotten stands here no more, nor who asked what is kept of him.
            is_told = !method.starts_with("subject."),
            summary = AuditLog::params_summary(params)](const RpcError* error) {
      if (is_told) return audit_->note(caller, method, summary, error, sessions_.generation());
      std::optional<RpcError> nameless;
      if (error != nullptr) nameless = RpcError{error->code, "not told here", error->data};
      audit_->note(caller, method, "{}", nameless ? &*nameless : nullptr, sessions_.generation());
    };
  });
  return {};
}

tl::expected<void, Error> Control::open_metrics(const Config& config) {
  auto board = numbers::Board::make();
  if (!board) return tl::unexpected{board.error()};
  board_ = std::move(*board);
  numbers_.set_board(board_.get());
  numbers_.set_alarms([this] {
    std::vector<numbers::AlarmNumber> alarms;
    alarms.reserve(kAlarms.size());
    for (const AlarmInfo& info : kAlarms)
      alarms.push_back({std::string{info.name}, std::string{name_of(info.severity)},
                        service_.health().alarms().count(info.alarm)});
    return alarms;
  });
  auto watched = watch(board_->fd(), [this] {
    if (board_->take_request()) (void)numbers_.take();
  });
  if (!watched || config.metrics.listen.empty()) return watched;
  auto opened =
      numbers::ScrapeServer::open(config.metrics.listen, *board_, config.where("metrics.listen"));
  if (!opened) return tl::unexpected{opened.error()};
  scrape_server_ = std::move(*opened);
  return {};
}

numbers::ServerNumbers Control::server_numbers() const {
  const AuditLog::Counts audit = audit_ ? audit_->counts() : AuditLog::Counts{};
  return {.clients = server_->clients(),
          .refused = server_->counts().refused,
          .too_slow = server_->counts().too_slow,
          .tls_refused = server_->counts().tls_refused,
          .audit_written = audit.written,
          .audit_suppressed = audit.suppressed,
          .audit_lost = audit.lost,
          .longest_slice_us = longest_slice_ns_ / 1'000,
          .checkpoints = checkpoints_,
          .checkpoint_s = checkpoint_s_,
          .records = keeper_ ? std::optional{keeper_->status()} : std::nullopt};
}

void Control::publish_to(SnapshotSlot& slot) {
  config_methods_.publish_to(slot);
  garden_methods_.publish_to(slot);
  if (!garden_state_.empty()) {
    const auto opened = garden_permits_.load(
        garden_state_, slot.permits(), static_cast<std::uint32_t>(clock_.unix_ns() / kNsPerSecond));
    if (!opened) logging::say(logging::Level::kError, "garden", opened.error().text());
    (void)garden_permits_.take_changed();
  }
  routers_.publish_to([&slot](std::shared_ptr<const policy::Infrastructure> known,
                              const std::vector<Routers::Known>& servers) {
    slot.replace(std::move(known));
    for (const Routers::Known& server : servers)
      slot.learn_dhcp_server(server.link, server.address);
  });
}

/// A line for each new cause.
void Control::log_garden(const tl::expected<void, Error>& kept) {
  const std::string problem = kept ? std::string{} : kept.error().text();
  if (problem != garden_problem_ && !kept) logging::say(logging::Level::kError, "garden", problem);
  garden_problem_ = problem;
}

void Control::begin_to_keep_garden() {
  const std::uint64_t now = clock_.boot_ns();
  if (garden_state_.empty() || garden_permits_.has_begun() ||
      now - garden_kept_ns_ < kKeepGarden_ns || !garden_permits_.take_changed())
    return;
  garden_kept_ns_ = now;
  garden_permits_.begin_text();
}

/// Written aside, as a disk may be slow.
void Control::keep_garden() {
  if (!garden_permits_.has_begun()) return;
  auto text = garden_permits_.go_on();
  if (!text) return;
  const auto kept = std::make_shared<tl::expected<void, Error>>();
  background_->run(
      [kept, path = garden_state_, text = std::move(*text)] { *kept = replace_file(path, text); },
      [this, kept] { log_garden(*kept); });
}

void Control::turn(const std::function<void()>& on_tick) {
  const std::uint64_t began_ns = thread_time_ns();
  const auto until = std::chrono::steady_clock::now() + kTurn;
  sessions_.work();
  if (shared_) shared_->work();
  const bool more_passed = grace_.poll();
  jobs_.work(until - std::chrono::steady_clock::now());
  store_ends();
  if (recorder_) recorder_->work();
  events_.pump();
  if (routers_configured_ != config_.generation()) {
    routers_configured_ = config_.generation();
    routers_.configure(*config_.config());
    take_ages();
    logging::configure("gate511", config_.config()->log);
  }
  const bool more_clients = clients_.take(sightings_);
  const bool more_learnt = garden_permits_.take(sightings_) || garden_permits_.has_begun();
  keep_garden();
  const bool more_told = announcements_.take(sightings_);
  const bool more_seen = routers_.take(sightings_) || more_clients || more_learnt || more_told;
  const std::uint64_t now = clock_.boot_ns();
  if (now >= next_tick_ns_) {
    next_tick_ns_ = now + kTick_ns;
    service_.tick();
    capture_methods_.tick();
    tell_of_refused();
    clients_.tick();
    events_.drop_old();
    routers_.tick();
    tick_records();
    garden_permits_.tick(static_cast<std::uint32_t>(clock_.unix_ns() / kNsPerSecond));
    begin_to_keep_garden();
    log_tls_refused();
    // Not while a disk that hangs has not taken the last one.
    if (now >= next_checkpoint_ns_ && !checkpoint_owed_) {
      next_checkpoint_ns_ = now + kCheckpoint_ns;
      checkpoint_owed_ = true;
      sessions_.checkpoint();
      // For the time that the store knows, too.
      ledger_.wait([this](bool stored) {
        checkpoint_owed_ = false;
        if (!stored) return;
        ++checkpoints_;
        checkpoint_s_ = clock_.unix_ns() / kNsPerSecond;
      });
    }
    on_tick();
  }
  nanoseconds timeout{std::min(next_tick_ns_ - std::min(now, next_tick_ns_), kTick_ns)};
  if (guest_news_.is_wanted()) timeout = std::min(timeout, kGuestNews);
  if (grace_.is_urgent()) timeout = std::min(timeout, kUrgent);
  if (!jobs_.empty() || sessions_.has_work() || events_.has_work() || more_seen ||
      (recorder_ && recorder_->has_work()) || (shared_ && shared_->has_work()) || more_passed)
    timeout = nanoseconds{0};
  spare_memory();
  server_->poll_once(timeout);
  longest_slice_ns_ = std::max(longest_slice_ns_, thread_time_ns() - began_ns);
}

/// Clients are what takes memory here. Sessions and packets go on without them.
void Control::spare_memory() {
  if (memory_ == nullptr || memory_->is_whole()) return;
  server_->hang_up_all();
  if (!memory_->refill()) return;
  logging::say(logging::Level::kError, "memory",
               "memory: there was none left, so all control clients were closed; raise the limit "
               "of the service, or give the machine more");
}

void Control::run(const std::function<bool()>& stop, const std::function<void()>& on_tick) {
  while (!stop() && !service_.shutdown_requested()) turn(on_tick);
  board_->close();
  capture_methods_.close();
  server_->stop_taking();
  const std::uint64_t until = clock_.boot_ns() + nanoseconds{kPatience}.count();
  while ((server_->is_owed() || !jobs_.empty()) && clock_.boot_ns() < until) turn(on_tick);
}

}  // namespace gate511::control
