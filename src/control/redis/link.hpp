// SPDX-License-Identifier: BSD-3-Clause
//
// A gateway's link to the server that it shares sessions with, on a thread of its own: changes go
// out, those of the other gateways come in. After each loss of the connection all that the server
// has is read again, in pages, while its stream is followed from where it was before.
#pragma once

#include <tl/expected.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "control/fd.hpp"
#include "control/redis/connection.hpp"
#include "control/redis/entry.hpp"
#include "control/redis/url.hpp"
#include "control/store/store.hpp"
#include "gate511/error.hpp"

namespace gate511::control::redis {

struct LinkOptions {
  Url url;
  TlsTrust trust{};                 ///< null without TLS
  std::string prefix;               ///< of all keys
  std::uint8_t gateway = 1;         ///< its number, 1 and up
  std::string instance;             ///< who goes by it: the same after a restart, and nobody else's
  std::string keyed_by;             ///< `sessions.key`
  std::uint64_t known_ms = 0;       ///< unix time up to which this gateway was there before
  std::vector<store::Owed> owed{};  ///< what it had still to tell the server then
};

/// A change of one client's session, as scripts.hpp has it. R: what the server has of it is wanted.
struct Op {
  char kind = 0;
  std::uint64_t seen = 0;  ///< version of the last change that was known when it was made
  std::uint64_t id = 0;
  std::string client{};
  std::string a{}, b{};
  bool if_doubtful = false;  ///< only where the server may have the session without an answer
};

/// What other gateways have done, or what the server has.
struct Remote {
  enum class Kind : std::uint8_t {
    kSyncBegins,  ///< all that the server has follows
    kSyncEnds,    ///< that was all
    kPut,
    kEnd,
    kOwned,    ///< by `owner`
    kCounted,  ///< what `gateway` counted
    kSeen,     ///< nothing but `version`
    kSame,     ///< these have not changed since they were known here
  };
  Kind kind = Kind::kSyncBegins;
  std::uint64_t version = 0;  ///< what is known of when this is done; 0: no more than before
  std::uint8_t gateway = 0;
  std::uint8_t owner = 0;
  std::uint8_t reason = 0;
  bool may_restore = false;  ///< of kSyncEnds: what the server has not is to be put there again
  std::uint64_t id = 0;
  store::Place place{};
  store::Session session{};
  std::vector<std::pair<std::uint8_t, store::Counted>> counts{};
  std::vector<std::pair<store::Place, std::uint64_t>> same{};  ///< with their ids
};

struct LinkStatus : store::Store::SharedCounts {
  std::string problem;  ///< why the server is not in use now; empty: it is
  std::string refusal;  ///< why it takes no changes now; empty: it does
  /// When `server_ms` was so.
  std::chrono::steady_clock::time_point told{};
};

class Link {
 public:
  [[nodiscard]] static tl::expected<std::unique_ptr<Link>, Error> open(LinkOptions options);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  /// Sends what waits, if the server takes it at once.
  ~Link();

  /// Control thread, all of these.
  ///
  /// What is asked of a batch: all of its changes or none, or each by itself and, where the server
  /// is not there, as soon as it is.
  enum class Mode : std::uint8_t { kAll, kEach };
  enum class Verdict : std::uint8_t {
    kDone,
    kConflict,  ///< another gateway was first; what it did follows
    kFailed,    ///< the server is not there, or refused it
  };
  struct Outcome {
    std::uint64_t number = 0;  ///< of the batch
    Verdict verdict = Verdict::kFailed;
  };
  /// Answered by take(), once. A batch of number 0 is not.
  void submit(std::uint64_t number, std::vector<Op> ops, Mode mode);
  /// Readable when there is something to take.
  [[nodiscard]] int fd() const { return event_.get(); }
  /// An end that the server had to be told of later, and was, or needs not be told of.
  struct Told {
    std::uint64_t id = 0;
    std::string client;
  };
  /// Appends what has come.
  void take(std::vector<Outcome>& outcomes, std::vector<Told>& told, std::deque<Remote>& remotes);
  [[nodiscard]] LinkStatus status() const;
  /// Changes can be made now.
  [[nodiscard]] bool is_ready() const { return is_ready_; }

 private:
  using SteadyClock = std::chrono::steady_clock;
  struct Batch {
    std::uint64_t number = 0;
    std::vector<Op> ops;
    Mode mode = Mode::kEach;
    bool is_again = false;  ///< it was refused once, by what hello may have mended
  };
  enum class State : std::uint8_t { kAway, kAsking, kGreeting, kReady };

  Link(LinkOptions options, Fd event, Fd wake);

  // The link's thread.
  void loop();
  void wait();
  void connect();
  void ask_sentinel();
  void ask_for_master(bool is_known);
  void connect_to(Url server);
  void greet(Connection& connection);
  void authenticate(Connection& connection);
  void say_hello();
  void say_goodbye();
  void take_hello(const Reply& reply, SteadyClock::time_point asked);
  /// `known`: changes up to this version are known here; 0: none is.
  void begin_sync(std::uint64_t known);
  void ask_for_page();
  void take_page(const Reply& reply);
  void take_unchanged(const Reply& list);
  void end_sync();
  void read_one(const std::string& client);
  void follow();
  void take_stream(const Reply& reply);
  /// An entry of the stream: changes that were made in one step.
  void take_step(const Reply& entry);
  void take_event(Event& event);
  /// `is_answer`: to a change of this gateway.
  void take_entry(const std::string& client, const Reply& hash, bool is_answer = false);
  void take_batches();
  void send_batch(Batch batch);
  void send_in_flight(std::uint64_t number, const std::shared_ptr<Batch>& batch);
  void send_ops(const std::vector<const Op*>& ops, Mode mode, Connection::OnReply on_reply);
  /// Of what was sent; gives what became of it.
  [[nodiscard]] Verdict take_answer(const std::vector<const Op*>& ops, const Reply& reply);
  void keep(std::vector<Op>& ops);
  void keep_owed();
  void tell(const Op& op);
  /// Takes out what was kept for later, as it was told or is not wanted any more.
  void drop_kept(std::map<std::uint64_t, Op>::iterator kept, bool is_told);
  /// What a new change of that client has overtaken.
  void drop_overtaken(const Op& op);
  /// It is over for this gateway, though the server does not know that yet.
  [[nodiscard]] bool is_end_kept(std::uint64_t id, const std::string& client) const {
    return !kept_ends_.empty() && kept_ends_.contains(end_name(id, client));
  }
  [[nodiscard]] static std::string end_name(std::uint64_t id, const std::string& client) {
    return std::to_string(id) + " " + client;
  }
  void send_kept();
  void settle(std::uint64_t number, Verdict verdict);
  void check(SteadyClock::time_point now);
  void lose(const std::string& problem);
  void push(Remote remote);
  void refuse(const std::string& refusal);
  [[nodiscard]] bool may_push();
  /// No gateway can have made such a one: of versions, those of the server's future; of ids, those
  /// that gateways count up to in years, with which they would run out.
  [[nodiscard]] bool is_forged(std::uint64_t version, std::uint64_t id) const;
  [[nodiscard]] std::string key(std::string_view name) const {
    return options_.prefix + std::string{name};
  }

  const LinkOptions options_;
  const std::string session_prefix_;
  Fd event_;
  Fd wake_;

  State state_ = State::kAway;
  std::unique_ptr<Connection> commands_;
  std::unique_ptr<Connection> stream_;
  SteadyClock::time_point next_attempt_{};
  std::chrono::milliseconds pause_{0};
  std::size_t attempts_ = 0;
  std::optional<Url> named_;  ///< by a sentinel, to be connected to
  Url server_;  ///< that is spoken with: of the options, or the one that a sentinel has named
  SteadyClock::time_point next_hello_{};
  bool has_said_goodbye_ = false;
  /// When all was known last; before the first time, when this gateway ran last.
  SteadyClock::time_point contact_;
  std::string apply_, hello_, read_;  ///< the scripts' digests
  std::string epoch_;
  std::string connection_;             ///< its number, as the server counts them
  std::uint64_t newest_possible_ = 0;  ///< version, when it was told
  SteadyClock::time_point told_time_{};
  std::string problem_told_;
  SteadyClock::time_point next_problem_{};

  bool is_syncing_ = false;
  bool wants_page_ = false;
  bool may_restore_ = false;
  std::string cursor_;
  std::uint64_t sync_ = 0;      ///< number of the one that is under way
  std::uint64_t known_ = 0;     ///< its version
  std::uint64_t complete_ = 0;  ///< all changes up to this one are known here
  std::uint64_t position_ = 0;  ///< the last change of the stream that is known
  /// Clients of which something later than `position_` is known.
  std::unordered_map<std::string, std::uint64_t> newer_;
  std::uint64_t newest_ = 0;
  /// This gateway's own changes up to here may have been overtaken by what was read of all.
  std::uint64_t own_until_ = 0;

  /// What the server has still to get, in order, a change a client's life.
  std::map<std::uint64_t, Op> kept_;
  std::unordered_map<std::uint64_t, std::uint64_t> kept_by_id_;
  std::unordered_map<std::string, std::uint64_t> kept_ends_;  ///< by end_name()
  std::uint64_t next_kept_ = 0;
  std::size_t kept_in_flight_ = 0;
  /// Sessions of which a change was on its way when the connection broke, and is not made again.
  std::unordered_set<std::uint64_t> doubtful_;
  SteadyClock::time_point next_kept_attempt_{};
  std::map<std::uint64_t, std::shared_ptr<Batch>> in_flight_;
  std::uint64_t next_in_flight_ = 0;
  std::atomic<bool> is_ready_ = false;
  bool has_news_ = false;

  mutable std::mutex mutex_;
  std::deque<Batch> waiting_;  ///< these: under mutex_
  std::vector<Outcome> outcomes_;
  std::vector<Told> told_;
  std::deque<Remote> remotes_;
  LinkStatus status_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace gate511::control::redis
