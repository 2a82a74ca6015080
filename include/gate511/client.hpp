// SPDX-License-Identifier: BSD-3-Clause
//
// A client of gate511's control protocol: JSON-RPC 2.0, a line a message, over a UNIX socket.
//
//   auto client = gate511::Client::connect("/run/gate511/control.sock");
//   if (!client) return complain(client.error().message);
//   auto added = client->call("session.add", {{"mac", "02:00:5e:00:53:01"}, {"ttl_s", 3600}});
//
// The methods, their parameters and results stand in openrpc.json. Members of a result that are not
// known are to be ignored: a later daemon of the same major protocol version may send more.
//
// Nothing here throws but std::bad_alloc. A client is used by one thread at a time.
// The API follows SemVer with libgate511's version: before 1.0 a minor version may change it.
#pragma once

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gate511/transport.hpp"

namespace gate511 {

/// Why there is no result.
struct ClientError {
  enum class Kind {
    kAddress,   ///< the path cannot be a socket's: empty, or longer than 107 bytes
    kNoDaemon,  ///< nobody listens there
    kNoAccess,  ///< this user may not connect
    kTimeout,   ///< no answer in time; the request may still be carried out
    kClosed,    ///< the connection has ended; every later call says so too
    kProtocol,  ///< what came is no JSON-RPC 2.0; the connection is of no more use
    kRefused,   ///< the daemon's own error: see `code` and `reason`
  };
  Kind kind = Kind::kClosed;
  std::string message;            ///< one line, without an end; the daemon's where kRefused
  int code = 0;                   ///< of JSON-RPC where kRefused, such as -32001, else 0
  std::string reason{};           ///< such as `NOT_FOUND`; empty where the code has none
  nlohmann::json data = nullptr;  ///< what else the daemon said of it

  /// -32001: there is no such session (or client, or garden entry).
  [[nodiscard]] bool is_not_found() const { return reason == "NOT_FOUND"; }
};

struct ClientOptions {
  /// How long connect(), and each later function without a time of its own, may take.
  std::chrono::milliseconds timeout{10'000};
  /// Bytes of one line from the daemon; a longer one is kProtocol.
  std::size_t max_line = 16 << 20;
  /// Notifications kept for next_notification(); of more the oldest are dropped and counted.
  std::size_t max_notifications = 65'536;
};

/// A connection. To be moved, not copied; closed when it is destroyed. One that was moved from may
/// only be destroyed or assigned to.
class Client {
 public:
  using Json = nlohmann::json;
  using Result = tl::expected<Json, ClientError>;
  using Done = tl::expected<void, ClientError>;

  struct Request {
    std::string method;
    Json params = Json::object();  ///< by name
  };
  struct Notification {
    std::string method;  ///< `event`
    Json params;
  };
  /// Names a request that was started; never 0, never used again on a connection.
  using Ticket = std::uint64_t;

  /// Connects to the UNIX socket at a path. Errors: kAddress, kNoDaemon, kNoAccess, kTimeout.
  [[nodiscard]] static tl::expected<Client, ClientError> connect(const std::string& path,
                                                                 ClientOptions options = {});
  /// Speaks over a stream that is connected already, such as one of TLS.
  explicit Client(std::unique_ptr<Transport> transport, ClientOptions options = {});
  Client(Client&& other) noexcept;
  Client& operator=(Client&& other) noexcept;
  ~Client();

  /// One request and its answer. Errors: kRefused, kTimeout, kClosed, kProtocol.
  /// Text that is not UTF-8 is sent with U+FFFD in place of what is wrong.
  [[nodiscard]] Result call(std::string_view method, const Json& params = Json::object());

  /// The same in two steps, so that several requests are on their way at once. Reads what comes
  /// while it writes, so it cannot lock up with a daemon that waits to be read from. The daemon
  /// works on up to 32 at once. Every ticket is to be given to finish().
  [[nodiscard]] tl::expected<Ticket, ClientError> start(std::string_view method,
                                                        const Json& params = Json::object());
  /// Waits for the answer to `ticket`, in any order. After kTimeout the answer is no longer
  /// waited for, and the connection remains good.
  [[nodiscard]] Result finish(Ticket ticket);

  /// 1 to 100 requests in one line, answered together: a result for each, in the order given.
  [[nodiscard]] tl::expected<std::vector<Result>, ClientError> batch(
      std::span<const Request> requests);

  /// A request that is not answered, not even if it is refused.
  [[nodiscard]] Done notify(std::string_view method, const Json& params = Json::object());

  /// The next notification, after `events.subscribe`; none after `timeout` without one, which may
  /// be 0. Those that came while calls waited are kept and come first, in order.
  [[nodiscard]] tl::expected<std::optional<Notification>, ClientError> next_notification(
      std::chrono::milliseconds timeout);
  /// How many were dropped because more than `max_notifications` were not fetched.
  [[nodiscard]] std::uint64_t dropped_notifications() const;

  /// To wait with poll(2) for input among other descriptors; next_notification(0) then takes it in.
  /// Something may be there already without it being readable: ask once before waiting.
  [[nodiscard]] int fd() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gate511
