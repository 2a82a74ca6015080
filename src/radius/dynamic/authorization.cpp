// SPDX-License-Identifier: BSD-3-Clause
#include "radius/dynamic/authorization.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "logging/escape.hpp"
#include "logging/log.hpp"
#include "radius/accounting/session_id.hpp"
#include "radius/wire/signature.hpp"
#include "radius/wire/writer.hpp"

namespace gate511::radius {
namespace {

constexpr std::size_t kDatagramsATurn = 64;
// How far a server's clock may be ahead: what is recorded is good for so long behind a restart.
constexpr std::uint64_t kAhead_s = 5;

}  // namespace

DynamicAuthorization::DynamicAuthorization(Parts parts)
    : parts_{std::move(parts)}, started_at_{parts_.unix_s()} {}

tl::expected<void, Error> DynamicAuthorization::open() {
  const Config& config = parts_.config;
  if (config.coa_listen.host.empty()) return {};
  const auto address = SocketAddress::parse(config.coa_listen.host, config.coa_listen.port);
  const auto failed = [&] {
    return tl::unexpected{
        Error{config.where("coa.listen"),
              fmt::format("`coa.listen` {} cannot be listened on: {}",
                          address_text(config.coa_listen.host, config.coa_listen.port),
                          std::strerror(errno)),
              "give an address of this machine, and a port that nobody has"}};
  };
  FileDescriptor made{::socket(address->family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!made) return failed();
  const auto is_bound = [&] { return ::bind(made.get(), address->get(), address->size()) == 0; };
  if (!is_bound()) {
    // The network may bring the address later.
    const int yes = 1;
    const bool is_later =
        errno == EADDRNOTAVAIL &&
        ::setsockopt(made.get(), address->family() == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
                     address->family() == AF_INET ? IP_FREEBIND : IPV6_FREEBIND, &yes,
                     sizeof yes) == 0;
    if (!is_later || !is_bound()) return failed();
    logging::say(logging::Level::kWarning, "coa_later",
                 fmt::format("coa: {} is no address of this machine; changes are taken as soon as "
                             "it is, see to coa.listen",
                             config.coa_listen.host));
  }
  socket_ = std::move(made);
  return {};
}

void DynamicAuthorization::work() {
  std::array<std::byte, kMaxPacket + 1> buffer;
  for (std::size_t i = 0; i < kDatagramsATurn && socket_; ++i) {
    SocketAddress from;
    socklen_t size = SocketAddress::capacity();
    const ssize_t got =
        ::recvfrom(socket_.get(), buffer.data(), buffer.size(), 0, from.get(), &size);
    if (got < 0) return;
    take(Bytes{buffer}.first(static_cast<std::size_t>(got)), from);
  }
}

void DynamicAuthorization::drop(std::uint64_t& count, const std::string& what,
                                const std::string& who) {
  ++count;
  logging::say(logging::Level::kWarning, "coa_refused",
               fmt::format("coa: a packet from {} is not believed: {}", who, what));
}

/// What was answered before this program was started is not remembered: it is not of now.
std::optional<std::string> DynamicAuthorization::wrong_time(std::optional<std::uint32_t> sent_at,
                                                            std::uint64_t now) const {
  if (!sent_at) return "it has no Event-Timestamp, by which it is known to be of now";
  if (*sent_at > now + kAhead_s)
    return fmt::format("its Event-Timestamp is {} s ahead; see to both clocks", *sent_at - now);
  if (*sent_at + std::uint64_t{parts_.config.coa_window_s} < now)
    return fmt::format("its Event-Timestamp is {} s old; see to both clocks", now - *sent_at);
  if (*sent_at <= started_at_) return "it is of a time before this program was started";
  return std::nullopt;
}

void DynamicAuthorization::take(Bytes datagram, const SocketAddress& from) {
  const auto& clients = parts_.config.coa_clients;
  const std::string who = from.host();
  const auto client = std::find_if(clients.begin(), clients.end(),
                                   [&who](const CoaClient& one) { return one.address == who; });
  if (client == clients.end()) return drop(counts_.strangers, "it is of no [[coa_client]]", who);
  const std::string& secret = parts_.secrets[static_cast<std::size_t>(client - clients.begin())];
  const auto packet = Packet::parse(datagram);
  if (!packet) return drop(counts_.malformed, packet.error(), who);
  if (packet->code() != Code::kDisconnectRequest && packet->code() != Code::kCoaRequest) {
    return drop(counts_.malformed,
                fmt::format("{} is nothing to ask for here", name_of(packet->code())), who);
  }
  if (!is_request_genuine(*packet, secret)) {
    return drop(counts_.bad_authenticator,
                "it is not signed with the secret; see that both have the same", who);
  }
  const Seal seal = check_seal(*packet, {}, secret);
  if (seal == Seal::kMissing) {
    return drop(counts_.unsealed,
                "it has no Message-Authenticator; let the server send one with each request", who);
  }
  if (seal == Seal::kWrong)
    return drop(counts_.bad_authenticator, "its Message-Authenticator is wrong", who);
  const std::uint64_t now = parts_.unix_s();
  const auto sent_at = packet->integer(attribute::kEventTimestamp);
  if (const auto wrong = wrong_time(sent_at, now)) return drop(counts_.old, *wrong, who);
  const Asker asker{from, who, secret, PacketBytes{packet->bytes().begin(), packet->bytes().end()}};
  if (const PacketBytes* const before = answered_.find(packet->authenticator())) {
    ++counts_.repeated;
    if (!before->empty())
      ::sendto(socket_.get(), before->data(), before->size(), 0, from.get(), from.size());
    return;
  }
  if (!answered_.begin(packet->authenticator(), *sent_at + parts_.config.coa_window_s, now)) {
    return drop(counts_.full,
                fmt::format("{} were answered in {} s, and no more are remembered", Answered::kMax,
                            parts_.config.coa_window_s),
                who);
  }
  act(asker, *packet);
}

void DynamicAuthorization::act(const Asker& asker, const Packet& request) {
  const bool is_change = request.code() == Code::kCoaRequest;
  ++(is_change ? counts_.changes : counts_.disconnects);
  if (const auto wrong = wrong_with(request, parts_.config)) return answer(asker, wrong);
  const auto session = session_of(request, parts_.directory);
  if (!session) return answer(asker, session.error());
  is_change ? change(asker, *session, request) : disconnect(asker, *session);
}

void DynamicAuthorization::answer(const Asker& asker, std::optional<ErrorCause> cause) {
  const Packet request = Packet::parse(asker.request).value();
  const bool is_change = request.code() == Code::kCoaRequest;
  Attributes attributes;
  for (const Attribute& one : request.attributes()) {
    if (one.id == attribute::kProxyState)
      attributes.add(attribute::kProxyState, one.value);  // RFC 5176, 3.1
  }
  Code code = is_change ? Code::kCoaAck : Code::kDisconnectAck;
  ++(cause ? counts_.naks : counts_.acks);
  if (cause) {
    code = is_change ? Code::kCoaNak : Code::kDisconnectNak;
    attributes.add(attribute::kErrorCause, static_cast<std::uint32_t>(*cause));
    logging::say(
        logging::Level::kWarning, "coa_nak",
        fmt::format("coa: {} of {} is refused with Error-Cause {}; docs/radius.md has what "
                    "that means",
                    name_of(request.code()), asker.name, static_cast<std::uint32_t>(*cause)));
  }
  const PacketBytes reply = reply_to(request, code, asker.secret, attributes);
  ::sendto(socket_.get(), reply.data(), reply.size(), 0, asker.from.get(), asker.from.size());
  answered_.answer(request.authenticator(), reply);
}

void DynamicAuthorization::if_it_is_there(const Asker& asker, const Known& session,
                                          std::function<void()> then) {
  parts_.changes.call("session.get", session.place, nlohmann::json::object(),
                      [this, asker, session, then = std::move(then)](const Changes::Result& found) {
                        if (!found) {
                          return answer(asker, found.error().reason == "NOT_FOUND"
                                                   ? ErrorCause::kNoSession
                                                   : ErrorCause::kResources);
                        }
                        const auto its = found->value("session", nlohmann::json::object());
                        if (number_of(its, "id") != session.id ||
                            number_of(its, "created_at") != session.created_at)
                          return answer(asker, ErrorCause::kNoSession);
                        then();
                      });
}

void DynamicAuthorization::disconnect(const Asker& asker, const Known& session) {
  if_it_is_there(asker, session, [this, asker, place = session.place] {
    parts_.on_disconnect(place.mac);  // before it is done: its client may speak at once
    parts_.changes.call("session.revoke", place, nlohmann::json::object(),
                        [this, asker, mac = place.mac](const Changes::Result& result) {
                          const bool is_over = result && result->value("existed", false);
                          is_over ? parts_.on_disconnect(mac) : parts_.on_kept(mac);
                          if (is_over) return answer(asker, std::nullopt);
                          answer(asker, result ? ErrorCause::kNoSession : ErrorCause::kResources);
                        });
  });
}

/// Where the session ends between the look and the change, the change makes one: that is taken
/// back.
void DynamicAuthorization::change(const Asker& asker, const Known& session, const Packet& request) {
  nlohmann::json terms = Terms::of(request).json();
  terms.erase("user");
  if_it_is_there(asker, session, [this, asker, place = session.place, terms] {
    parts_.changes.add(place, terms, [this, asker, place](const Changes::Result& changed) {
      if (!changed) return answer(asker, ErrorCause::kResources);
      if (!changed->value("created", false)) return answer(asker, std::nullopt);
      parts_.changes.call(
          "session.revoke", place, nlohmann::json::object(),
          [this, asker](const Changes::Result&) { answer(asker, ErrorCause::kNoSession); });
    });
  });
}

}  // namespace gate511::radius
