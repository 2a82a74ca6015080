// SPDX-License-Identifier: BSD-3-Clause
#include "radius/door.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

namespace gate511::radius {
namespace {

using std::chrono::steady_clock;

constexpr int kParseError = -32'700;
constexpr int kInvalidRequest = -32'600;
constexpr int kNoMethod = -32'601;
constexpr int kBusy = -32'006;  // as the gateway's
constexpr mode_t kMode = 0660;

nlohmann::json refused(const nlohmann::json& id, const Door::Refusal& refusal) {
  nlohmann::json error{{"code", refusal.code}, {"message", refusal.message}};
  if (!refusal.reason.empty()) error["data"] = {{"reason", refusal.reason}};
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(error)}};
}

/// Whether a socket is there that somebody listens on.
bool is_in_use(const sockaddr_un& address) {
  const FileDescriptor probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const auto* const named = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  return ::connect(probe.get(), named, sizeof address) == 0;
}

}  // namespace

struct Door::Client {
  std::uint64_t number;
  FileDescriptor fd;
  std::string input;
  std::string output;
  steady_clock::time_point line_began;
  std::size_t unanswered = 0;
  bool wants_output = false;
};

Door::Door() = default;

Door::~Door() {
  if (listener_) ::unlink(path_.c_str());
}

tl::expected<void, Error> Door::open(const std::string& path, const std::string& group,
                                     const std::string& where) {
  const auto failed = [&](const std::string& what, const std::string& hint) {
    return tl::unexpected{Error{where, fmt::format("{}: {}", path, what), hint}};
  };
  const std::string kSee = "see that its folder is there and may be written";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return failed("the path is too long", "107 bytes");
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  if (is_in_use(address)) return failed("is in use", "another gate511-radius runs: end it");
  ::unlink(path.c_str());
  FileDescriptor listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  const auto* const named = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  if (!listener || ::bind(listener.get(), named, sizeof address) != 0)
    return failed(std::strerror(errno), kSee);
  path_ = path;
  listener_ = std::move(listener);
  if (!group.empty()) {
    const ::group* const entry = ::getgrnam(group.c_str());
    if (entry == nullptr) {
      return failed(fmt::format("there is no group {}", group),
                    "make it: groupadd --system, or set door.group = \"\"");
    }
    if (::chown(path.c_str(), static_cast<uid_t>(-1), entry->gr_gid) != 0)
      return failed(fmt::format("cannot be given to group {}: {}", group, std::strerror(errno)),
                    "put this user into that group, or set door.group = \"\"");
  }
  if (::chmod(path.c_str(), kMode) != 0 || ::listen(listener_.get(), 64) != 0)
    return failed(std::strerror(errno), kSee);
  epoll_ = FileDescriptor{::epoll_create1(EPOLL_CLOEXEC)};
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = 0;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), &event) != 0)
    return failed(std::strerror(errno), "see that there are descriptors left");
  return {};
}

void Door::take_clients() {
  for (;;) {
    FileDescriptor fd{::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!fd) return;
    if (clients_.size() >= kMaxClients) {
      const std::string told =
          refused(nullptr, {kBusy, fmt::format("{} clients are here already", kMaxClients), "BUSY"})
              .dump() +
          '\n';
      static_cast<void>(::send(fd.get(), told.data(), told.size(), MSG_NOSIGNAL));
      continue;
    }
    auto client = std::make_unique<Client>();
    client->number = next_client_++;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = client->number;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) continue;
    client->fd = std::move(fd);
    clients_.emplace(client->number, std::move(client));
  }
}

void Door::work() {
  if (!epoll_) return;
  std::array<epoll_event, 64> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events.at(static_cast<std::size_t>(i));
    const std::uint64_t client = event.data.u64;  // a copy: the structure is packed
    if (client == 0) {
      take_clients();
      continue;
    }
    // Sending may have closed it.
    for (const auto& [mask, act] : {std::pair{std::uint32_t{EPOLLOUT}, &Door::send},
                                    {EPOLLIN | EPOLLHUP | EPOLLERR, &Door::receive}}) {
      const auto found = clients_.find(client);
      if (found != clients_.end() && (event.events & mask) != 0) (this->*act)(*found->second);
    }
  }
  std::vector<std::uint64_t> late;
  for (const auto& [number, client] : clients_) {
    if (!client->input.empty() && steady_clock::now() - client->line_began > kIncompleteLine)
      late.push_back(number);
  }
  for (const std::uint64_t number : late) close(number);
}

void Door::close(std::uint64_t client) {
  clients_.erase(client);
}

void Door::receive(Client& client) {
  const std::uint64_t number = client.number;
  std::array<char, kMaxLine> chunk;
  const ssize_t got = ::recv(client.fd.get(), chunk.data(), chunk.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return close(number);
  if (client.input.empty()) client.line_began = steady_clock::now();
  client.input.append(chunk.data(), static_cast<std::size_t>(got));
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = client.input.find('\n', begin)) != std::string::npos;) {
    const std::string line = client.input.substr(begin, end - begin);
    begin = end + 1;
    if (line.size() > kMaxLine || client.unanswered >= kMaxUnanswered) return close(number);
    handle(client, line);
    if (!clients_.contains(number)) return;
  }
  client.input.erase(0, begin);
  if (begin > 0) client.line_began = steady_clock::now();
  if (client.input.size() > kMaxLine) close(number);
}

void Door::handle(Client& client, const std::string& line) {
  const std::uint64_t number = client.number;
  const Json request = Json::parse(line, nullptr, false);
  if (request.is_discarded()) return answer(number, refused(nullptr, {kParseError, "not JSON"}));
  const bool is_request = request.is_object() && request.contains("id") &&
                          request.value("jsonrpc", Json{}) == "2.0" &&
                          request.value("method", Json{}).is_string();
  const Json params = is_request ? request.value("params", Json::object()) : Json{};
  if (!params.is_object())
    return answer(number, refused(nullptr, {kInvalidRequest, "no request, one a line"}));
  const auto method = methods_.find(request["method"].get<std::string>());
  if (method == methods_.end())
    return answer(number, refused(request["id"], {kNoMethod, "unknown method"}));
  ++client.unanswered;
  method->second(params, [this, number, id = request["id"]](Outcome outcome) {
    const auto found = clients_.find(number);
    if (found == clients_.end()) return;
    --found->second->unanswered;
    answer(number, outcome ? Json{{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(*outcome)}}
                           : refused(id, outcome.error()));
  });
}

void Door::answer(std::uint64_t number, const Json& answer) {
  const auto found = clients_.find(number);
  if (found == clients_.end()) return;
  found->second->output += answer.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
  send(*found->second);
}

void Door::send(Client& client) {
  const ssize_t sent =
      ::send(client.fd.get(), client.output.data(), client.output.size(), MSG_NOSIGNAL);
  if (sent > 0) client.output.erase(0, static_cast<std::size_t>(sent));
  if ((sent < 0 && errno != EAGAIN) || client.output.size() > kMaxOwed) return close(client.number);
  if (client.wants_output == !client.output.empty()) return;
  client.wants_output = !client.output.empty();
  epoll_event event{};
  event.events = EPOLLIN | (client.wants_output ? EPOLLOUT : 0U);
  event.data.u64 = client.number;
  static_cast<void>(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, client.fd.get(), &event));
}

}  // namespace gate511::radius
