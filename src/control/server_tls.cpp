// SPDX-License-Identifier: BSD-3-Clause
//
// Clients that come by TLS, until they are known: what shakes hands is no client yet, is bounded
// in number and in time, and is told apart from clients in all that follows.
#include <fmt/format.h>
#include <sys/epoll.h>

#include <utility>

#include "control/server.hpp"

namespace gate511::control {
namespace {

constexpr std::size_t kMaxShaking = 32;
constexpr std::chrono::seconds kHandShake{5};

}  // namespace

void Server::begin_tls(Door& door, Fd socket) {
  if (draining_ || shaking_.size() >= kMaxShaking) {
    ++counts_.refused;
    return;
  }
  const std::uint64_t id = next_id_++;
  auto stream = options_.tls->accept(std::move(socket));
  if (!stream || !add_to_epoll(stream->fd(), id)) return;
  shaking_.emplace(id,
                   Shaking{std::move(stream), door, std::chrono::steady_clock::now() + kHandShake});
}

void Server::refuse_tls(std::uint64_t id, const std::string& why) {
  ++counts_.tls_refused;
  if (on_tls_refused_) on_tls_refused_(why);
  shaking_.erase(id);  // last: `why` may stand in it
}

void Server::shake_hands(std::uint64_t id) {
  Shaking& shaking = shaking_.at(id);
  const int shaken = shaking.stream->shake_hands();
  if (shaken < 0) return refuse_tls(id, shaking.stream->failure());
  if (shaken == 0) {
    epoll_event event{};
    event.events = shaking.stream->wants_output() ? EPOLLOUT : EPOLLIN;
    event.data.u64 = id;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, shaking.stream->fd(), &event);
    return;
  }
  const std::string name = shaking.stream->peer_name();
  const auto right = options_.tls_clients.find(name);
  if (name.empty() || right == options_.tls_clients.end()) {
    return refuse_tls(
        id, name.empty() ? std::string{"the certificate has no one plain name"}
                         : fmt::format("control.tls_clients has no `{}`", name.substr(0, 255)));
  }
  Caller caller{.rights = right->second,
                .connection = id,
                .user = "certificate " + name,
                .certificate = name};
  if (shaking.door.places.take(caller.user, false) != Places::Answer::kTaken) {
    ++counts_.refused;
    if (on_refused_) on_refused_(caller.user);
    shaking_.erase(id);
    return;
  }
  Door& door = shaking.door;
  std::unique_ptr<Stream> stream = std::move(shaking.stream);
  shaking_.erase(id);
  clients_.try_emplace(
      id, Connected{Client{std::move(stream), options_.limits, std::chrono::steady_clock::now()},
                    std::move(caller), door});
  // What came with the hand-shake's last part stands in the stream already.
  serve(id, EPOLLIN);
}

void Server::end_late_hand_shakes(SteadyTime now) {
  for (auto at = shaking_.begin(); at != shaking_.end();) {
    const auto shaking = at++;
    if (now > shaking->second.until) refuse_tls(shaking->first, "no hand-shake within 5 s");
  }
}

}  // namespace gate511::control
