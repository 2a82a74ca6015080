// SPDX-License-Identifier: BSD-3-Clause
#include "radius/dynamic/authorization.hpp"

#include <fmt/format.h>
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

using namespace attribute;  // NOLINT(google-build-using-namespace)

constexpr std::size_t kDatagramsATurn = 64;

/// What names a session, or is no part of what is asked.
constexpr std::array kNaming{
    kUserName,       kCallingStationId, kAcctSessionId,  kNasIdentifier, kNasIpAddress,
    kNasIpv6Address, kNasPort,          kNasPortId,      kNasPortType,   kMessageAuthenticator,
    kEventTimestamp, kProxyState,       kCalledStationId};
/// What a CoA may set.
constexpr std::array kSetting{kSessionTimeout,   kIdleTimeout,    kBandwidthMaxUp,
                              kBandwidthMaxDown, kMaxTotalOctets, kMaxTotalGigawords};

template <typename All>
bool is_in(const All& all, AttributeId id) {
  return std::find(all.begin(), all.end(), id) != all.end();
}

}  // namespace

DynamicAuthorization::DynamicAuthorization(Parts parts) : parts_{std::move(parts)} {}

tl::expected<void, Error> DynamicAuthorization::open() {
  const Config& config = parts_.config;
  if (config.coa_listen.host.empty()) return {};
  const auto address = SocketAddress::parse(config.coa_listen.host, config.coa_listen.port);
  FileDescriptor made{::socket(address->family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!made || ::bind(made.get(), address->get(), address->size()) != 0) {
    return tl::unexpected{
        Error{config.where("coa.listen"),
              fmt::format("`coa.listen` {} cannot be listened on: {}",
                          address_text(config.coa_listen.host, config.coa_listen.port),
                          std::strerror(errno)),
              "give an address of this machine, and a port that nobody has"}};
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
  const auto sent_at = packet->integer(kEventTimestamp);
  if (!sent_at)
    return drop(counts_.old, "it has no Event-Timestamp, by which it is known to be of now", who);
  const std::uint64_t off = now > *sent_at ? now - *sent_at : *sent_at - now;
  if (off > parts_.config.coa_window_s) {
    return drop(counts_.old,
                fmt::format("its Event-Timestamp is {} s off; see to both clocks", off), who);
  }
  const Asker asker{from, who, secret, PacketBytes{packet->bytes().begin(), packet->bytes().end()}};
  if (const PacketBytes* const before = answered_.find(packet->authenticator())) {
    ++counts_.repeated;
    if (!before->empty())
      ::sendto(socket_.get(), before->data(), before->size(), 0, from.get(), from.size());
    return;
  }
  answered_.put(packet->authenticator(), {});
  act(asker, *packet);
}

std::optional<ErrorCause> DynamicAuthorization::check(const Packet& request) const {
  const bool is_change = request.code() == Code::kCoaRequest;
  bool sets = false;
  for (const Attribute& attribute : request.attributes()) {
    // Authorize Only, and what else is a service (RFC 5176, 3.2).
    if (attribute.id == kServiceType) return ErrorCause::kUnsupportedService;
    const bool is_setting = is_change && is_in(kSetting, attribute.id);
    if (!is_setting && !is_in(kNaming, attribute.id)) return ErrorCause::kUnsupportedAttribute;
    sets = sets || is_setting;
  }
  const auto identifier = request.text(kNasIdentifier);
  if (identifier && *identifier != parts_.config.identifier) return ErrorCause::kNasMismatch;
  if (is_change && !sets) return ErrorCause::kMissingAttribute;
  return std::nullopt;
}

/// All that names it must fit (RFC 5176, 3).
tl::expected<Known, ErrorCause> DynamicAuthorization::find(const Packet& request) const {
  const auto id = read_acct_session_id(request.text(kAcctSessionId).value_or(""));
  const auto station = request.text(kCallingStationId);
  const auto user = request.text(kUserName);
  if (request.find(kAcctSessionId) && !id) return tl::unexpected{ErrorCause::kNoSession};
  const auto mac = station ? read_mac(*station) : std::nullopt;
  if (station && !mac) return tl::unexpected{ErrorCause::kInvalidValue};
  std::vector<Known> found;
  if (id) {
    auto known = parts_.directory.find(id->id);
    if (known && known->created_at == id->created_at) found.push_back(std::move(*known));
  } else if (mac) {
    found = parts_.directory.of_mac(*mac);
  } else if (user) {
    found = parts_.directory.of_user(plain_name(*user));
  } else {
    return tl::unexpected{ErrorCause::kMissingAttribute};
  }
  std::erase_if(found, [&](const Known& known) {
    return (mac && known.place.mac != *mac) || (user && known.user != plain_name(*user));
  });
  if (found.empty()) return tl::unexpected{ErrorCause::kNoSession};
  if (found.size() > 1) return tl::unexpected{ErrorCause::kSeveralSessions};
  return found.front();
}

void DynamicAuthorization::act(const Asker& asker, const Packet& request) {
  const bool is_change = request.code() == Code::kCoaRequest;
  ++(is_change ? counts_.changes : counts_.disconnects);
  if (const auto wrong = check(request)) return answer(asker, wrong);
  const auto session = find(request);
  if (!session) return answer(asker, session.error());
  is_change ? change(asker, *session, request) : disconnect(asker, *session);
}

void DynamicAuthorization::answer(const Asker& asker, std::optional<ErrorCause> cause) {
  const Packet request = Packet::parse(asker.request).value();
  const bool is_change = request.code() == Code::kCoaRequest;
  Attributes attributes;
  for (const Attribute& attribute : request.attributes()) {
    if (attribute.id == kProxyState) attributes.add(kProxyState, attribute.value);  // RFC 5176, 3.1
  }
  Code code = is_change ? Code::kCoaAck : Code::kDisconnectAck;
  ++(cause ? counts_.naks : counts_.acks);
  if (cause) {
    code = is_change ? Code::kCoaNak : Code::kDisconnectNak;
    attributes.add(kErrorCause, static_cast<std::uint32_t>(*cause));
    logging::say(
        logging::Level::kWarning, "coa_nak",
        fmt::format("coa: {} of {} is refused with Error-Cause {}; docs/radius.md has what "
                    "that means",
                    name_of(request.code()), asker.name, static_cast<std::uint32_t>(*cause)));
  }
  const PacketBytes reply = reply_to(request, code, asker.secret, attributes);
  ::sendto(socket_.get(), reply.data(), reply.size(), 0, asker.from.get(), asker.from.size());
  answered_.put(request.authenticator(), reply);
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
