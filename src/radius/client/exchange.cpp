// SPDX-License-Identifier: BSD-3-Clause
#include "radius/client/exchange.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "logging/log.hpp"
#include "radius/client/address.hpp"
#include "radius/wire/signature.hpp"

namespace gate511::radius {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kDatagramsATurn = 256;  // of one port, before others have theirs

bool is_reply_to(Code reply, Code request) {
  if (request == Code::kAccountingRequest) return reply == Code::kAccountingResponse;
  return reply == Code::kAccessAccept || reply == Code::kAccessReject ||
         reply == Code::kAccessChallenge;
}

}  // namespace

struct Exchange::Waiting {
  Request request;
  Done done;
  std::uint64_t tried = 0;  ///< servers that it was at, a bit each
  std::size_t server = 0;
  Port* port = nullptr;
  std::uint8_t id = 0;
  Authenticator authenticator{};
  PacketBytes bytes;
  unsigned tries = 0;
  Time since{};  ///< sent to this server first
  std::multimap<Time, Waiting*>::iterator deadline;
};

std::string Server::text() const {
  return address_text(host, port);
}

Exchange::Exchange(std::string what, std::vector<Server> servers, ExchangeOptions options)
    : what_{std::move(what)}, options_{options} {
  for (Server& server : servers) {
    servers_.emplace_back();
    servers_.back().server = std::move(server);
  }
}

Exchange::~Exchange() = default;

tl::expected<void, Error> Exchange::open() {
  epoll_ = FileDescriptor{::epoll_create1(EPOLL_CLOEXEC)};
  if (epoll_) return {};
  return tl::unexpected{Error{what_, fmt::format("no epoll: {}", std::strerror(errno)),
                              "see that there are descriptors left"}};
}

/// Bound to no port: the kernel takes one at random, and hands on what comes from the server alone.
tl::expected<std::unique_ptr<Exchange::Port>, std::string> Exchange::open_port(std::size_t server) {
  const auto failed = [](const char* what) {
    return tl::unexpected{fmt::format("{}: {}", what, std::strerror(errno))};
  };
  const auto address =
      SocketAddress::parse(servers_[server].server.host, servers_[server].server.port);
  if (!address) return tl::unexpected{std::string{"it is no address"}};
  auto port = std::make_unique<Port>();
  port->server = server;
  port->fd =
      FileDescriptor{::socket(address->family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!port->fd) return failed("no socket");
  const int room = 1 << 20;
  ::setsockopt(port->fd.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (::connect(port->fd.get(), address->get(), address->size()) != 0)
    return failed("no way there");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = port.get();
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, port->fd.get(), &event) != 0)
    return failed("no epoll");
  return port;
}

Exchange::Port* Exchange::free_port(std::size_t server) {
  auto& ports = servers_[server].ports;
  std::size_t in_use = 0;
  for (const auto& port : ports) {
    if (port->is_old) continue;
    if (port->used < port->by_id.size()) return port.get();
    ++in_use;
  }
  if (in_use == kMaxPorts) return nullptr;
  auto more = open_port(server);
  if (!more) {
    logging::say(logging::Level::kWarning, "no_way",
                 fmt::format("{}: {} is not asked: {}; see to this machine's network", what_,
                             servers_[server].server.text(), more.error()));
    return nullptr;
  }
  ports.push_back(std::move(*more));
  return ports.back().get();
}

/// The first that is alive. One that is dead is tried by one request at a time: when its time is
/// up, and at once where none is alive.
std::size_t Exchange::choose(std::uint64_t tried, Time now) const {
  const bool is_any_alive =
      std::any_of(servers_.begin(), servers_.end(), [](const Peer& peer) { return !peer.is_dead; });
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const Peer& peer = servers_[i];
    if (((tried >> i) & 1U) != 0) continue;
    if (!peer.is_dead) return i;
    if (peer.waiting == 0 && (!is_any_alive || now >= peer.dead_until)) return i;
  }
  return servers_.size();
}

void Exchange::send(Request request, Done done) {
  if (waiting_.size() >= options_.max_waiting) return done(tl::unexpected{Failure::kNoRoom});
  auto made = std::make_unique<Waiting>();
  Waiting& waiting = *made;
  waiting.request = std::move(request);
  waiting.done = std::move(done);
  waiting_.emplace(&waiting, std::move(made));
  if (start(waiting, steady_clock::now())) return;
  failed_.emplace_back(std::move(waiting.done), Failure::kNoAnswer);
  waiting_.erase(&waiting);
}

/// To the next server that there is a way to. False: there is none.
bool Exchange::start(Waiting& waiting, Time now) {
  for (;;) {
    const std::size_t server = choose(waiting.tried, now);
    if (server == servers_.size()) return false;
    waiting.tried |= std::uint64_t{1} << server;
    Port* const port = free_port(server);
    if (port == nullptr) continue;
    begin(waiting, *port, now);
    return true;
  }
}

void Exchange::begin(Waiting& waiting, Port& port, Time now) {
  const std::size_t server = port.server;
  while (port.by_id.at(port.next) != nullptr) ++port.next;
  waiting.server = server;
  waiting.port = &port;
  waiting.id = port.next++;
  port.by_id.at(waiting.id) = &waiting;
  ++port.used;
  ++servers_[server].waiting;
  waiting.since = now;
  waiting.tries = 1;
  const std::string& secret = servers_[server].server.secret;
  if (waiting.request.code == Code::kAccountingRequest) {
    waiting.bytes = accounting_request(waiting.id, secret, waiting.request.attributes);
    std::copy_n(waiting.bytes.begin() + 4, waiting.authenticator.size(),
                waiting.authenticator.begin());
  } else {
    waiting.authenticator = random_authenticator();
    waiting.bytes = access_request(waiting.id, waiting.authenticator, secret,
                                   waiting.request.attributes, waiting.request.credentials);
  }
  ++counts_.sent;
  transmit(waiting);
  waiting.deadline = deadlines_.emplace(now + options_.timeout, &waiting);
}

/// What the kernel does not take now is sent again when its time is up.
void Exchange::transmit(const Waiting& waiting) {
  const auto is_sent = [&waiting] {
    return ::send(waiting.port->fd.get(), waiting.bytes.data(), waiting.bytes.size(),
                  MSG_NOSIGNAL) >= 0;
  };
  // ICMP said of an earlier one that nobody listens: that is told once, and nothing was sent.
  if (is_sent() || (errno == ECONNREFUSED && is_sent()) || errno == EAGAIN) return;
  logging::say(logging::Level::kWarning, "not_sent",
               fmt::format("{}: nothing can be sent to {}: {}; see to this machine's network",
                           what_, servers_[waiting.server].server.text(), std::strerror(errno)));
  retire(servers_[waiting.server]);
}

/// What is asked from now on goes by new ports, from the address that this machine has then.
void Exchange::retire(Peer& peer) {
  for (const auto& port : peer.ports) port->is_old = true;
}

void Exchange::close_old_ports() {
  for (Peer& peer : servers_) {
    std::erase_if(peer.ports, [](const auto& port) { return port->is_old && port->used == 0; });
  }
}

void Exchange::leave(Waiting& waiting) {
  if (waiting.port == nullptr) return;
  waiting.port->by_id.at(waiting.id) = nullptr;
  --waiting.port->used;
  --servers_[waiting.server].waiting;
  waiting.port = nullptr;
  deadlines_.erase(waiting.deadline);
}

int Exchange::wait_ms() const {
  if (!failed_.empty()) return 0;
  if (deadlines_.empty()) return -1;
  const auto left = deadlines_.begin()->first - steady_clock::now();
  const auto ms = std::chrono::ceil<milliseconds>(left).count();
  return static_cast<int>(std::clamp<std::int64_t>(ms, 0, 60'000));
}

void Exchange::work() {
  std::array<epoll_event, 64> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i)
    receive(*static_cast<Port*>(events.at(static_cast<std::size_t>(i)).data.ptr));
  expire(steady_clock::now());
  close_old_ports();
  for (const auto& [done, failure] : std::exchange(failed_, {})) done(tl::unexpected{failure});
}

void Exchange::expire(Time now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    Waiting& waiting = *deadlines_.begin()->second;
    if (waiting.tries < options_.tries) {
      deadlines_.erase(waiting.deadline);
      ++waiting.tries;
      ++counts_.sent_again;
      transmit(waiting);
      waiting.deadline = deadlines_.emplace(now + options_.timeout, &waiting);
      continue;
    }
    // A server that has answered another since is there: it is this one that it does not answer.
    if (servers_[waiting.server].last_answer < waiting.since) note_silence(waiting, now);
    leave(waiting);
    if (start(waiting, now)) {
      ++counts_.failovers;
      continue;
    }
    ++counts_.timeouts;
    failed_.emplace_back(std::move(waiting.done), Failure::kNoAnswer);
    waiting_.erase(&waiting);
  }
}

void Exchange::note_silence(const Waiting& waiting, Time now) {
  Peer& peer = servers_[waiting.server];
  retire(peer);
  if (peer.is_dead) return give_up(peer, now);
  const std::string& about = waiting.request.about;
  peer.unanswered.insert(about.empty() ? fmt::format("{}", fmt::ptr(&waiting)) : about);
  if (peer.unanswered.size() >= kUnansweredOfTheDead) return give_up(peer, now);
  logging::say(logging::Level::kWarning, "unanswered_by",
               fmt::format("{}: {} has not answered {} times in {} ms; see that it runs, knows "
                           "this machine as a client and has the same secret",
                           what_, peer.server.text(), options_.tries,
                           options_.timeout.count() * options_.tries));
}

void Exchange::give_up(Peer& peer, Time now) {
  const bool was_dead = std::exchange(peer.is_dead, true);
  peer.dead_until = now + options_.dead_time;
  if (was_dead) return;
  ++counts_.deaths;
  logging::say(logging::Level::kWarning, "server_silent",
               fmt::format("{}: {} answers nobody, and is left alone for {} s; see that it runs, "
                           "knows this machine as a client and has the same secret",
                           what_, peer.server.text(), options_.dead_time.count() / 1000));
}

void Exchange::receive(Port& port) {
  std::array<std::byte, kMaxPacket + 1> buffer;
  for (std::size_t i = 0; i < kDatagramsATurn; ++i) {
    const ssize_t got = ::recv(port.fd.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    // ICMP tells errors, which anyone may have made: they are silence.
    if (got >= 0) take(port, Bytes{buffer}.first(static_cast<std::size_t>(got)));
  }
}

void Exchange::refuse(std::uint64_t& count, const Port& port, const std::string& what) {
  ++count;
  logging::say(logging::Level::kWarning, "reply_refused",
               fmt::format("{}: a packet of {} is not believed: {}", what_,
                           servers_[port.server].server.text(), what));
}

/// Signed by the server over this very request. That is seen before anything else is read.
bool Exchange::is_believed(const Port& port, const Waiting& waiting, const Envelope& reply) {
  const auto refused = [&](std::uint64_t& count, const char* what) {
    refuse(count, port, what);
    return false;
  };
  const std::string& secret = servers_[port.server].server.secret;
  if (!is_reply_genuine(reply, waiting.authenticator, secret)) {
    return refused(counts_.bad_authenticator,
                   "it is not signed with the secret; see that both have the same");
  }
  const Seal seal = check_seal(reply, waiting.authenticator, secret);
  if (seal == Seal::kWrong)
    return refused(counts_.bad_authenticator, "its Message-Authenticator is wrong");
  // Of accounting few servers send one, and nothing is granted by it.
  if (seal == Seal::kMissing && waiting.request.code == Code::kAccessRequest) {
    return refused(counts_.unsealed,
                   "it has no Message-Authenticator; let the server send one with each reply");
  }
  return true;
}

void Exchange::take(Port& port, Bytes datagram) {
  const auto reply = Envelope::of(datagram);
  if (!reply) return refuse(counts_.malformed, port, reply.error());
  Waiting* const waiting = port.by_id.at(reply->id());
  if (waiting == nullptr || !is_reply_to(reply->code(), waiting->request.code)) {
    return refuse(
        counts_.stray, port,
        fmt::format("{} {} answers nothing that was asked", name_of(reply->code()), reply->id()));
  }
  if (!is_believed(port, *waiting, *reply)) return;
  Peer& peer = servers_[port.server];
  ++counts_.answers;
  last_answer_ = peer.last_answer = steady_clock::now();
  peer.unanswered.clear();
  if (std::exchange(peer.is_dead, false)) {
    logging::say(logging::Level::kWarning, "server_back",
                 fmt::format("{}: {} answers again", what_, peer.server.text()));
  }
  // An Accounting-Response says nothing but that it is one (RFC 2866, 4.2).
  const auto packet = waiting->request.code == Code::kAccountingRequest
                          ? tl::expected<Packet, std::string>{Packet{*reply}}
                          : Packet::parse(*reply);
  if (packet) return finish(*waiting, &*packet);
  ++counts_.unusable;
  logging::say(logging::Level::kWarning, "reply_unusable",
               fmt::format("{}: {} of {} is not understood, and counts as a reject: {}; see to "
                           "what that server sends",
                           what_, name_of(reply->code()), peer.server.text(), packet.error()));
  finish(*waiting, tl::unexpected{Failure::kUnusable});
}

void Exchange::finish(Waiting& waiting, const Result& result) {
  leave(waiting);
  const Done done = std::move(waiting.done);
  waiting_.erase(&waiting);
  done(result);
}

std::vector<std::pair<std::string, bool>> Exchange::servers() const {
  std::vector<std::pair<std::string, bool>> all;
  for (const Peer& peer : servers_) all.emplace_back(peer.server.text(), !peer.is_dead);
  return all;
}

}  // namespace gate511::radius
