// SPDX-License-Identifier: BSD-3-Clause
#include "gate511/client.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <map>
#include <system_error>
#include <utility>

#include "client/message.hpp"
#include "client/unix_transport.hpp"

namespace gate511 {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = ClientError::Kind;
using Status = IoResult::Status;
using std::chrono::milliseconds;

constexpr std::size_t kChunk = 64 << 10;

/// Rounded up, so that a wait never ends before its time.
int left_ms(Clock::time_point until) {
  const auto left = std::chrono::ceil<milliseconds>(until - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
}

}  // namespace

struct Client::State {
  State(std::unique_ptr<Transport> stream, ClientOptions given)
      : transport{std::move(stream)}, options{given} {}

  std::unique_ptr<Transport> transport;
  ClientOptions options;
  std::string input;
  std::size_t scanned = 0;            ///< of `input`, without a newline
  std::map<Ticket, Json> waited_for;  ///< null until it is answered
  std::deque<Notification> notifications;
  std::uint64_t dropped = 0;
  Ticket next_ticket = 1;
  std::optional<ClientError> broken;

  [[nodiscard]] Clock::time_point deadline() const { return Clock::now() + options.timeout; }

  tl::unexpected<ClientError> fail(Kind kind, std::string message) {
    if (!broken) broken = ClientError{kind, std::move(message)};
    return tl::unexpected{*broken};
  }

  /// Takes in what is there. Without anything there it tells what to wait for; 0: something came.
  tl::expected<short, ClientError> take_in() {
    std::array<char, kChunk> chunk;
    const IoResult got = transport->read(chunk);
    switch (got.status) {
      case Status::kWaitRead:
        return POLLIN;
      case Status::kWaitWrite:
        return POLLOUT;
      case Status::kClosed:
        return fail(Kind::kClosed, "has closed the connection");
      case Status::kFailed:
        return fail(Kind::kClosed, std::generic_category().message(got.error));
      case Status::kDone:
        break;
    }
    input.append(chunk.data(), got.bytes);
    std::size_t begin = 0;
    std::size_t newline = 0;
    while ((newline = input.find('\n', std::max(begin, scanned))) != std::string::npos) {
      if (!sort_in(std::string_view{input}.substr(begin, newline - begin)))
        return tl::unexpected{*broken};
      begin = newline + 1;
    }
    input.erase(0, begin);
    scanned = input.size();
    if (input.size() > options.max_line) return fail(Kind::kProtocol, "sent too long a line");
    return short{0};
  }

  /// One line: answers to where they are waited for, notifications to their queue.
  bool sort_in(std::string_view line) {
    Json message = Json::parse(line, nullptr, false);
    const bool is_batch = message.is_array() && !message.empty();
    if (!is_batch) message = Json::array({std::move(message)});
    for (Json& one : message) {
      if (!one.is_object()) {
        fail(Kind::kProtocol, "sent what is no JSON-RPC");
        return false;
      }
      const auto method = one.find("method");
      if (method != one.end() && method->is_string()) {
        keep(Notification{method->get<std::string>(), one.value("params", Json::object())});
      } else if (const auto waiting = waited_for.find(client::id_of(one));
                 waiting != waited_for.end()) {
        waiting->second = std::move(one);
      } else if (client::id_of(one) == 0) {
        fail_without_id(one);
        return false;
      }  // else it came too late for whom it was
    }
    return true;
  }

  /// Said to a connection, not to a request: there is no room for it, or a line was too long.
  void fail_without_id(Json& answer) {
    Result said = client::outcome(answer);
    if (said || said.error().kind != Kind::kRefused) {
      fail(Kind::kProtocol, "sent an answer to nothing");
    } else if (!broken) {
      broken = std::move(said.error());
    }
  }

  void keep(Notification notification) {
    if (notifications.size() >= options.max_notifications) {
      notifications.pop_front();
      ++dropped;
    }
    notifications.push_back(std::move(notification));
  }

  /// Waits until one of `events`, or the time is over, which gives false.
  bool wait(int events, Clock::time_point until) const {
    pollfd polled{transport->fd(), static_cast<short>(events), 0};
    int ready = 0;
    do {
      ready = ::poll(&polled, 1, left_ms(until));
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
  }

  Done send(const std::string& line) {
    if (broken) return tl::unexpected{*broken};
    const auto until = deadline();
    std::string_view rest{line};
    while (!rest.empty()) {
      const IoResult put = transport->write(rest);
      if (put.status == Status::kDone) {
        rest.remove_prefix(put.bytes);
        continue;
      }
      if (put.status == Status::kFailed || put.status == Status::kClosed) {
        // The daemon may have said why before it closed.
        while (!broken && take_in().value_or(POLLIN) == 0) continue;
        return fail(Kind::kClosed, std::generic_category().message(put.error));
      }
      const auto wanted = take_in();
      if (!wanted) return tl::unexpected{wanted.error()};
      const int events = POLLIN | (put.status == Status::kWaitWrite ? POLLOUT : 0);
      if (*wanted != 0 && !wait(events, until))
        return fail(Kind::kTimeout, "does not read; the request was sent in part");
    }
    return {};
  }

  /// Takes in what comes until `there` is satisfied. False: the time is over.
  template <typename There>
  tl::expected<bool, ClientError> take_in_until(There there, Clock::time_point until) {
    for (;;) {
      if (there()) return true;
      if (broken) return tl::unexpected{*broken};
      const auto wanted = take_in();
      if (!wanted) {
        if (there()) return true;  // came together with the end
        return tl::unexpected{wanted.error()};
      }
      if (*wanted != 0 && !wait(*wanted, until)) return false;
    }
  }
};

Client::Client(std::unique_ptr<Transport> transport, ClientOptions options)
    : state_{std::make_unique<State>(std::move(transport), options)} {}
Client::Client(Client&& other) noexcept = default;
Client& Client::operator=(Client&& other) noexcept = default;
Client::~Client() = default;

tl::expected<Client, ClientError> Client::connect(const std::string& path, ClientOptions options) {
  auto transport = client::connect_unix(path, options.timeout);
  if (!transport) return tl::unexpected{std::move(transport.error())};
  return Client{std::move(*transport), options};
}

Client::Result Client::call(std::string_view method, const Json& params) {
  const auto ticket = start(method, params);
  if (!ticket) return tl::unexpected{ticket.error()};
  return finish(*ticket);
}

tl::expected<Client::Ticket, ClientError> Client::start(std::string_view method,
                                                        const Json& params) {
  const Ticket ticket = state_->next_ticket++;
  state_->waited_for.emplace(ticket, nullptr);
  const Done sent = state_->send(client::text_of(client::request(method, params, ticket)) + "\n");
  if (sent) return ticket;
  state_->waited_for.erase(ticket);
  return tl::unexpected{sent.error()};
}

Client::Result Client::finish(Ticket ticket) {
  const auto waiting = state_->waited_for.find(ticket);
  if (waiting == state_->waited_for.end()) {
    return tl::unexpected{ClientError{Kind::kProtocol, "was not asked, or has answered already"}};
  }
  const auto came =
      state_->take_in_until([&] { return !waiting->second.is_null(); }, state_->deadline());
  Json answer = std::move(waiting->second);
  state_->waited_for.erase(waiting);
  if (!came) return tl::unexpected{came.error()};
  if (!*came) return tl::unexpected{ClientError{Kind::kTimeout, "does not answer in time"}};
  return client::outcome(answer);
}

tl::expected<std::vector<Client::Result>, ClientError> Client::batch(
    std::span<const Request> requests) {
  const Ticket first = state_->next_ticket;
  Json line = Json::array();
  for (const Request& one : requests) {
    const Ticket ticket = state_->next_ticket++;
    state_->waited_for.emplace(ticket, nullptr);
    line.push_back(client::request(one.method, one.params, ticket));
  }
  const Done sent = state_->send(client::text_of(line) + "\n");
  std::vector<Result> results;
  for (Ticket ticket = first; ticket < state_->next_ticket; ++ticket) {
    if (sent) {
      results.push_back(finish(ticket));
    } else {
      state_->waited_for.erase(ticket);
    }
  }
  if (!sent) return tl::unexpected{sent.error()};
  return results;
}

Client::Done Client::notify(std::string_view method, const Json& params) {
  return state_->send(client::text_of(client::request(method, params, 0)) + "\n");
}

tl::expected<std::optional<Client::Notification>, ClientError> Client::next_notification(
    milliseconds timeout) {
  auto& queue = state_->notifications;
  const auto came = state_->take_in_until([&] { return !queue.empty(); }, Clock::now() + timeout);
  if (!came) return tl::unexpected{came.error()};
  if (!*came) return std::nullopt;
  Notification next = std::move(queue.front());
  queue.pop_front();
  return next;
}

std::uint64_t Client::dropped_notifications() const {
  return state_->dropped;
}

int Client::fd() const {
  return state_->transport->fd();
}

}  // namespace gate511
