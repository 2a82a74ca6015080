// SPDX-License-Identifier: BSD-3-Clause
//
// The control thread: sessions, the control socket and the loop that drives them.
//
//   auto control = Control::open(config, {...});
//   (*control)->watch(signal_fd, [&] { stop = true; });
//   (*control)->run([&] { return stop; }, [&] { /* a few times a second */ });
#pragma once

#include <tl/expected.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "control/announcements.hpp"
#include "control/audit.hpp"
#include "control/background.hpp"
#include "control/capture.hpp"
#include "control/clients.hpp"
#include "control/clock.hpp"
#include "control/config.hpp"
#include "control/config_state.hpp"
#include "control/events.hpp"
#include "control/garden_permits.hpp"
#include "control/grace_queue.hpp"
#include "control/guest_news.hpp"
#include "control/jobs.hpp"
#include "control/ledger.hpp"
#include "control/memory_reserve.hpp"
#include "control/numbers/board.hpp"
#include "control/numbers/recorder.hpp"
#include "control/numbers/scrape_server.hpp"
#include "control/records/recorder.hpp"
#include "control/routers.hpp"
#include "control/server.hpp"
#include "control/service.hpp"
#include "control/service_clients.hpp"
#include "control/service_config.hpp"
#include "control/service_garden.hpp"
#include "control/service_records.hpp"
#include "control/service_session_changes.hpp"
#include "control/service_subject.hpp"
#include "control/session_events.hpp"
#include "control/sessions.hpp"
#include "control/shared_sessions.hpp"
#include "control/store/store.hpp"

namespace gate511::control {

class Control {
 public:
  /// How often `on_tick` is called, about.
  static constexpr std::chrono::milliseconds kTick{250};

  /// References outlive the control.
  struct Parts {
    table::SessionTable& table;
    table::GracePeriod& grace;
    const dataplane::StatusSource& status;
    dataplane::SightingSource& sightings;
    dataplane::TapSource& taps;
    const pipeline::Shared& shared;  ///< its policers are set, and its snapshot before run()
    SessionKeys& keys;
    std::string version;              ///< of the program
    MemoryReserve* memory = nullptr;  ///< null: none is kept
    Clock clock = Clock::system();
  };
  /// Takes the socket. No client is served before run().
  [[nodiscard]] static tl::expected<std::unique_ptr<Control>, Error> open(const Config& config,
                                                                          Parts parts);
  /// Once no worker runs any more: stores what was counted, and all that still waits for the disk.
  ~Control();
  /// Before that, where the process ends with it.
  void end_with_process() { ends_with_process_ = true; }
  /// What the destructor stores, and frees nothing that a worker may use: for a process that ends
  /// beside a worker that hangs. Nothing else is called behind it.
  void save();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  /// Calls `on_readable` from run() while `fd` is readable.
  [[nodiscard]] tl::expected<void, Error> watch(int fd, std::function<void()> on_readable) {
    return server_->watch(fd, std::move(on_readable));
  }

  /// What waits for the workers, such as a snapshot that was swapped out and is to be freed:
  /// `grace().add({}, [old] { delete old; })`. Control thread.
  [[nodiscard]] GraceQueue& grace() { return grace_; }
  [[nodiscard]] Sessions& sessions() { return sessions_; }
  [[nodiscard]] EventBus& events() { return events_; }
  /// For other sources of numbers; any thread.
  [[nodiscard]] numbers::Board& board() { return *board_; }
  /// After the audit log's file was moved away.
  void reopen_audit_log() {
    if (audit_) audit_->reopen();
  }

  /// Where a reload goes. Outlives this.
  void publish_to(SnapshotSlot& slot);
  /// As `config.reload`, for SIGHUP. `done` is called later, from run().
  void reload(Done done) { config_methods_.reload(std::move(done)); }

  /// Serves until `stop` says so or a client asks for the shutdown, then sends what is owed, for
  /// 200 ms at most. `on_tick`: publish the time, rotate the cookies' keys.
  void run(const std::function<bool()>& stop, const std::function<void()>& on_tick);

 private:
  Control(const Config& config, Parts parts, std::unique_ptr<Background> background);
  void spare_memory();
  /// One turn of the loop.
  void turn(const std::function<void()>& on_tick);
  void connect();
  void tell_of_capture(const Caller& caller, const std::string& mac, std::uint64_t seconds);
  void tell_of_capture(const CaptureMethods::Ended& ended);
  void tell_of_refused();
  void begin_to_keep_garden();
  void keep_garden();
  void log_garden(const tl::expected<void, Error>& kept);
  void log_tls_refused();
  [[nodiscard]] tl::expected<void, Error> open_audit_log(const std::string& path);
  [[nodiscard]] tl::expected<void, Error> open_metrics(const Config& config);
  [[nodiscard]] tl::expected<void, Error> open_store(const Config& config);
  [[nodiscard]] tl::expected<void, Error> share_store(const Config& config,
                                                      store::Restored& restored);
  void wait_for_shared();
  [[nodiscard]] tl::expected<void, Error> open_records(const Config& config);
  void tick_records();
  [[nodiscard]] std::string records_problem() const;
  [[nodiscard]] std::string records_note() const;
  void take_ages();
  void restore_events(store::Restored& restored);
  void store_ends();
  [[nodiscard]] numbers::ServerNumbers server_numbers() const;

  MemoryReserve* memory_;  ///< null: none
  Clock clock_;
  SessionKeys& keys_;
  const dataplane::StatusSource& status_;
  GraceQueue grace_;
  Ledger ledger_;
  Sessions sessions_;
  ConfigState config_;
  EventBus events_;
  SessionEvents session_events_;
  records::BothListeners listeners_{session_events_};
  dataplane::SightingSource& sightings_;
  Clients clients_;
  Routers routers_{{clients_, events_, clock_}};
  Announcements announcements_{
      {clients_, events_, clock_, [this](std::uint8_t link) { return routers_.link_name(link); }}};
  GuestNews guest_news_;
  GardenPermits garden_permits_{config_};
  std::string garden_state_;              ///< path; empty: not kept
  std::uint64_t garden_kept_ns_ = 0;      ///< when it was written last
  std::string garden_problem_;            ///< why it could not be, as it was logged last
  std::uint64_t routers_configured_ = 0;  ///< generation of the configuration
  Jobs jobs_;
  std::unique_ptr<numbers::Board> board_;
  numbers::Recorder numbers_;
  Service service_;
  ClientMethods client_methods_;
  SessionChangeMethods session_change_methods_;
  GardenMethods garden_methods_;
  RecordMethods record_methods_;
  SubjectMethods subject_methods_;
  CaptureMethods capture_methods_;
  std::unique_ptr<Background> background_;
  ConfigMethods config_methods_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<numbers::ScrapeServer> scrape_server_;  ///< null: none
  std::unique_ptr<store::Store> store_;                   ///< null: in memory alone
  std::unique_ptr<SharedSessions> shared_;                ///< null: with no other gateway
  std::unique_ptr<records::Keeper> keeper_;  ///< these two: null where no records are kept
  std::unique_ptr<records::Recorder> recorder_;
  bool is_records_note_told_ = false;
  store::Changes ends_;     ///< told of in this turn, to be stored together
  std::string store_note_;  ///< what was wrong with it when it was opened
  std::uint64_t next_tick_ns_ = 0;
  std::uint64_t next_checkpoint_ns_ = 0;
  bool checkpoint_owed_ = false;  ///< the store has not answered since the last one began
  std::uint64_t checkpoints_ = 0, checkpoint_s_ = 0;  ///< taken; unix time of the last one
  bool ends_with_process_ = false;
  std::uint64_t longest_slice_ns_ = 0;
  std::unique_ptr<AuditLog> audit_;  ///< null: none
  std::string tls_refused_;          ///< why the last one was, since the last line about it
  std::uint64_t tls_refused_count_ = 0;
  std::uint64_t tls_logged_ns_ = 0;
  std::map<std::string, std::uint64_t> refused_;  ///< clients since the last tick, by user
};

}  // namespace gate511::control
