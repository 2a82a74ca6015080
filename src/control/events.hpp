// SPDX-License-Identifier: BSD-3-Clause
//
// What happens, told to those who want to know: one bus, each event with a number of its own. The
// latest are held for who comes late; ends of sessions are held for named consumers until these
// acknowledge them. Nobody is waited for: what is held is bounded, and a subscriber that is
// overtaken is closed. Control thread.
#pragma once

#include <tl/expected.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/clock.hpp"
#include "control/json_rpc.hpp"
#include "net/mac.hpp"

namespace gate511::control {

class EventBus {
 public:
  /// All that can happen. An event of another type is not taken.
  static constexpr std::array<std::string_view, 20> kTypes{
      "session.added",
      "session.changed",
      "session.ended",
      "config.reloaded",
      "port.up",
      "port.down",
      "worker.stuck",
      "worker.recovered",
      "alarm.raised",
      "alarm.cleared",
      "client.refused",
      "router.learnt",
      "router.changed",
      "router.lost",
      "router.refused",
      "guard.dropped",
      "session.foreign_address",
      "capport.inserted",
      "capport.left_alone",
      "client.seen",
  };
  static constexpr std::size_t kMaxName = 64;  ///< bytes of a consumer's name

  struct Limits {
    std::size_t recent = 16'384;  ///< events held for `since`
    std::size_t recent_bytes = 8 << 20;
    std::size_t kept = 65'536;  ///< ends of sessions held for consumers
    std::size_t kept_bytes = 32 << 20;
    std::size_t consumers = 16;
    std::size_t owed = 256 << 10;  ///< bytes a subscriber is owed; above, it gets no more
  };
  /// The connections, as Server has them.
  struct Wire {
    std::function<bool(std::uint64_t connection, std::string_view lines)> push;
    std::function<std::optional<std::size_t>(std::uint64_t connection)> owed;
    std::function<void(std::uint64_t connection)> keep;  ///< being idle does not end it
    std::function<void(std::uint64_t connection)> close;
  };
  struct Counts {
    std::uint64_t dropped = 0;  ///< ends of sessions that a consumer had not acknowledged
    std::uint64_t overrun = 0;  ///< subscribers closed because they were overtaken
  };

  /// `clock` outlives the bus.
  explicit EventBus(const Clock& clock) : EventBus{clock, Limits{}} {}
  EventBus(const Clock& clock, Limits limits) : clock_{clock}, limits_{limits} {}
  EventBus(const EventBus&) = delete;
  EventBus& operator=(const EventBus&) = delete;

  /// Where it is kept what must outlive the daemon: ends of sessions for consumers.
  struct Keeper {
    /// `line` is empty where nobody is to get it.
    std::function<void(std::uint64_t session, std::uint64_t seq, std::string_view line)> ended;
    std::function<void(const std::string& name, std::uint64_t acknowledged)> consumer;
    std::function<void(const std::string& name)> forget;
    std::function<void(std::uint64_t limit)> seq_limit;  ///< numbers below it may be used
  };
  /// What is held of one client, looked for in steps.
  struct Search {
    net::MacAddress mac;
    bool anonymizes = false;  ///< else `lines` are told
    std::uint64_t count = 0;  ///< events that it stood in
    std::vector<std::string> lines{};
    std::uint64_t after = 0;  ///< these two: where it goes on
    bool is_in_kept = false;
  };
  struct KeptConsumer {
    std::string name;
    std::uint64_t acknowledged;
  };
  struct KeptEnd {
    std::uint64_t seq;
    std::string line;
  };

  /// To be called before anyone subscribes.
  void connect(Wire wire) { wire_ = std::move(wire); }
  /// Goes on with what was kept: numbers from `seq_limit` on, so that none is given twice. The ends
  /// are in the order of their numbers.
  void restore(Keeper keeper, std::uint64_t seq_limit, std::vector<KeptConsumer> consumers,
               std::vector<KeptEnd> ends);

  /// `members`: an object, whose members stand beside seq, type and time.
  void emit(std::string_view type, const Json& members);
  /// The same with the members as text, `"name":value,...`: for what happens often.
  void emit_text(std::string_view type, std::string_view members);
  /// `session.ended`.
  void emit_end(std::uint64_t session, std::string_view members);

  using TypeMask = std::uint32_t;
  static constexpr TypeMask kAllTypes = (TypeMask{1} << kTypes.size()) - 1;
  /// What who names no types gets: all but `client.seen`, which is told of each guest again and
  /// again.
  static constexpr TypeMask kUsualTypes = kAllTypes >> 1;
  static_assert(kTypes.back() == "client.seen");
  [[nodiscard]] static std::optional<TypeMask> mask_of(std::string_view type);

  struct Wanted {
    TypeMask types = kUsualTypes;
    std::optional<std::uint64_t> since{};  ///< what comes after this number; none: from now on
    std::string consumer{};                ///< empty: none
  };
  struct Subscribed {
    std::uint64_t seq = 0;      ///< of the last event so far
    std::uint64_t oldest = 0;   ///< of the oldest that is held
    std::uint64_t missed = 0;   ///< behind `since` and held no more
    std::size_t kept = 0;       ///< ends of sessions to be acknowledged, which come again
    std::uint64_t dropped = 0;  ///< ends that this consumer never got, so far
  };
  /// One subscription a connection and one connection a consumer: the new takes the place of the
  /// old, whose connection is closed. nullopt: there are too many consumers.
  [[nodiscard]] std::optional<Subscribed> subscribe(std::uint64_t connection, const Wanted& wanted);
  void unsubscribe(std::uint64_t connection) { subscribers_.erase(connection); }
  /// Up to and with `seq`. The ends that are still kept; nullopt: no such consumer.
  [[nodiscard]] std::optional<std::size_t> acknowledge(const std::string& consumer,
                                                       std::uint64_t seq);
  /// Nothing is kept for it any more. False: no such consumer.
  bool forget(const std::string& consumer);

  /// One step. True: there is more to do. With `anonymizes` the events stay, so that consumers have
  /// all ends; the digits of the MAC in them become 0, and addresses beside it go.
  [[nodiscard]] bool search_some(Search& search);

  /// Nothing is held for longer, acknowledged or not.
  void set_keep_s(std::uint64_t keep_s) { keep_s_ = keep_s; }
  /// To be called a few times a second: lets go of what is too old.
  void drop_old();

  /// Sends what connections have room for, subscribers in turn, for one slice.
  void pump();
  [[nodiscard]] bool has_work() const { return has_work_; }

  [[nodiscard]] std::uint64_t seq() const { return seq_; }
  /// Some subscriber has asked for that type.
  [[nodiscard]] bool is_named(std::string_view type) const;
  [[nodiscard]] std::size_t subscribers() const { return subscribers_.size(); }
  [[nodiscard]] std::size_t consumers() const { return consumers_.size(); }
  [[nodiscard]] std::size_t kept() const { return kept_.events.size(); }
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  struct Event {
    std::uint64_t seq;
    TypeMask type;         ///< its bit
    std::uint64_t unix_s;  ///< when it happened
    std::string line;
  };
  /// Events in the order of their numbers, shared by the two that hold them.
  struct Held {
    std::deque<std::shared_ptr<const Event>> events;
    std::size_t bytes = 0;

    void push(std::shared_ptr<const Event> event);
    void pop();
    [[nodiscard]] std::size_t after(std::uint64_t seq) const;  ///< index of the first behind seq
  };
  struct Subscriber {
    TypeMask types;
    std::string consumer;
    std::uint64_t recent_after;  ///< so far it has had what is held of the latest
    std::uint64_t kept_after;    ///< and of the ends that are kept
  };
  struct Consumer {
    std::uint64_t acknowledged = 0;
    std::uint64_t dropped = 0;
  };

  [[nodiscard]] std::uint64_t oldest() const;
  void keep_recent_ends(std::uint64_t since);
  void drop_acknowledged();
  void drop_kept();
  void keep_consumers();
  void reserve_numbers();
  /// False: it is to go.
  bool pump_one(std::uint64_t connection, Subscriber& subscriber);
  [[nodiscard]] const Event* next_for(Subscriber& subscriber) const;

  const Clock& clock_;
  Limits limits_;
  Wire wire_;
  std::optional<Keeper> keeper_;
  std::uint64_t keep_s_ = 30 * 86'400;
  std::uint64_t seq_ = 0;
  std::uint64_t seq_limit_ = 0;  ///< numbers below it are reserved; where there is a keeper
  Held recent_;
  Held kept_;  ///< ends of sessions that a consumer has not acknowledged
  std::map<std::string, Consumer, std::less<>> consumers_;
  std::map<std::uint64_t, Subscriber> subscribers_;  ///< by connection
  Counts counts_;
  std::uint64_t last_pumped_ = 0;  ///< the connection that had its turn last
  bool has_work_ = false;
};

}  // namespace gate511::control
