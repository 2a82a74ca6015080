// SPDX-License-Identifier: BSD-3-Clause
//
// Requests to RADIUS servers, and their answers, without waiting: many are on their way at once,
// each is sent again where no answer comes, and goes to the next server where one is silent. What
// is no answer of the server's to a request that waits is dropped and counted, and the request
// waits on. Ports are opened as they are needed, and anew where a server was silent: the network
// may come up later than this, and this machine's address may change. One thread.
#pragma once

#include <tl/expected.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gate511/error.hpp"
#include "radius/client/file_descriptor.hpp"
#include "radius/wire/writer.hpp"

namespace gate511::radius {

struct Server {
  std::string host;  ///< an address, IPv4 or IPv6
  std::uint16_t port = 0;
  std::string secret;

  [[nodiscard]] std::string text() const;  ///< `192.0.2.53:1812`, `[2001:db8::53]:1812`
};

struct ExchangeOptions {
  std::chrono::milliseconds timeout{1'000};  ///< until it is sent again
  unsigned tries = 3;                        ///< to one server
  std::chrono::milliseconds dead_time{30'000};
  std::size_t max_waiting = 8'192;  ///< requests that wait for answers
};

struct Request {
  Code code = Code::kAccessRequest;  ///< or kAccountingRequest
  Attributes attributes;
  Credentials credentials;
  /// Whom it is about, such as the user: a server that leaves one unanswered may do so for all
  /// others. Empty: nobody else.
  std::string about;
};

class Exchange {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Failure : std::uint8_t {
    kNoAnswer,  ///< of any server
    kNoRoom,    ///< as many requests wait as may
    kUnusable,  ///< the server's own answer is none that may be read: it grants nothing
  };
  using Result = tl::expected<const Packet*, Failure>;
  /// The packet is there until it returns. It may send.
  using Done = std::function<void(const Result& result)>;

  struct Counts {
    std::uint64_t sent = 0;  ///< requests; each once to each server
    std::uint64_t sent_again = 0;
    std::uint64_t answers = 0;
    std::uint64_t unusable = 0;           ///< those of them that are malformed
    std::uint64_t timeouts = 0;           ///< requests that no server has answered
    std::uint64_t malformed = 0;          ///< these four: packets that were dropped
    std::uint64_t bad_authenticator = 0;  ///< not signed with the secret over the request
    std::uint64_t unsealed = 0;           ///< without a Message-Authenticator where one must be
    std::uint64_t stray = 0;              ///< to no request that waits, or of another kind
    std::uint64_t failovers = 0;          ///< requests that went on to another server
    std::uint64_t deaths = 0;             ///< times that a server was given up for a while
  };

  /// `what`: the section of the configuration, for lines of the log.
  Exchange(std::string what, std::vector<Server> servers, ExchangeOptions options);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Before all others.
  [[nodiscard]] tl::expected<void, Error> open();
  /// `done` is called later, from work(), but for kNoRoom at once.
  void send(Request request, Done done);

  /// Readable when there is something to do before wait().
  [[nodiscard]] int fd() const { return epoll_.get(); }
  /// How long work() has nothing to do unless fd() is readable; -1: for ever. Milliseconds.
  [[nodiscard]] int wait_ms() const;
  void work();

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// Of each server, whether it is in use.
  [[nodiscard]] std::vector<std::pair<std::string, bool>> servers() const;
  /// When the last good answer came; none: {}.
  [[nodiscard]] Time last_answer() const { return last_answer_; }

 private:
  struct Waiting;
  /// One source port: 256 identifiers.
  struct Port {
    FileDescriptor fd;
    std::array<Waiting*, 256> by_id{};
    std::size_t used = 0;
    std::uint8_t next = 0;
    std::size_t server = 0;
    bool is_old = false;  ///< no more is sent from it
  };
  struct Peer {
    Server server;
    std::vector<std::unique_ptr<Port>> ports;
    Time dead_until{};
    Time last_answer{};
    std::size_t waiting = 0;
    std::set<std::string> unanswered;  ///< whom it has not answered, since it answered anybody
    bool is_dead = false;
  };
  static constexpr std::size_t kMaxPorts = 32;
  /// A server that does not answer for one user may do so for that user alone.
  static constexpr std::size_t kUnansweredOfTheDead = 2;

  [[nodiscard]] tl::expected<std::unique_ptr<Port>, std::string> open_port(std::size_t server);
  [[nodiscard]] Port* free_port(std::size_t server);
  /// The server for a request that was at those of `tried`; servers_.size(): none.
  [[nodiscard]] std::size_t choose(std::uint64_t tried, Time now) const;
  [[nodiscard]] bool start(Waiting& waiting, Time now);
  void begin(Waiting& waiting, Port& port, Time now);
  void transmit(const Waiting& waiting);
  void retire(Peer& peer);
  void close_old_ports();
  void leave(Waiting& waiting);
  void expire(Time now);
  void note_silence(const Waiting& waiting, Time now);
  void give_up(Peer& peer, Time now);
  void receive(Port& port);
  void take(Port& port, Bytes datagram);
  [[nodiscard]] bool is_believed(const Port& port, const Waiting& waiting, const Envelope& reply);
  void finish(Waiting& waiting, const Result& result);
  void refuse(std::uint64_t& count, const Port& port, const std::string& what);

  std::string what_;
  ExchangeOptions options_;
  std::vector<Peer> servers_;
  FileDescriptor epoll_;
  std::map<Waiting*, std::unique_ptr<Waiting>> waiting_;
  std::multimap<Time, Waiting*> deadlines_;
  std::vector<std::pair<Done, Failure>> failed_;  ///< to be told of from work()
  Counts counts_;
  Time last_answer_{};
};

}  // namespace gate511::radius
