// SPDX-License-Identifier: BSD-3-Clause
#include "portal/gateway.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "portal/members.hpp"
#include "portal/tls_transport.hpp"

namespace gate511::portal {
namespace {

using Kind = GatewayError::Kind;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTimeout{4'000};
constexpr std::size_t kMaxIdle = 6;  // of the 16 that a user may have
// The gateway closes who is silent for five minutes.
constexpr seconds kMaxIdleFor{120};
constexpr seconds kNumberStands{10};
// A gateway that is not there is not asked by every guest.
constexpr std::chrono::milliseconds kBetweenTries{100};

// How long others wait for who finds out whether a silent gateway has come back.
constexpr std::chrono::milliseconds kProbeWait{100};

GatewayError error_of(const ClientError& error) {
  using From = ClientError::Kind;
  switch (error.kind) {
    case From::kRefused:
      break;
    case From::kNoAccess:
      return {Kind::kNoRights, error.message, false};
    case From::kAddress:
    case From::kNoDaemon:
      return {Kind::kUnreachable, error.message, false};
    case From::kTimeout:
    case From::kClosed:
    case From::kProtocol:
      return {Kind::kUncertain, error.message, false};
  }
  const std::string text =
      error.reason.empty() ? error.message : fmt::format("{}: {}", error.reason, error.message);
  if (error.reason == "NOT_FOUND") return {Kind::kNotFound, text, false};
  if (error.reason == "CONFLICT") return {Kind::kConflict, text, false};
  if (error.reason == "READ_ONLY") return {Kind::kNoRights, text, false};
  return {Kind::kRefused, text, error.reason == "BUSY" && error.data.contains("lcores")};
}

ClientKey key_from(const nlohmann::json& from) {
  return {text(from, "mac"), static_cast<std::uint16_t>(number(from, "vlan")), text(from, "link")};
}

tl::expected<Session, GatewayError> session_from(const nlohmann::json& result) {
  const auto found = result.find("session");
  if (found == result.end() || !found->is_object())
    return tl::unexpected{
        GatewayError{Kind::kRefused, "the gateway's answer has no session", false}};
  Session session;
  session.client = key_from(*found);
  session.id = number(*found, "id");
  session.state = text(*found, "state");
  session.tag = text(*found, "tag");
  session.user = text(*found, "user");
  session.bytes = number(*found, "bytes_up") + number(*found, "bytes_down");
  if (const auto ends = found->find("expires_at"); ends != found->end() && !ends->is_null())
    session.seconds_left = number(*found, "ttl_s");
  if (const std::uint64_t quota = number(*found, "quota_bytes"); quota > 0)
    session.bytes_left = quota - std::min(quota, session.bytes);
  return session;
}

}  // namespace

Gateway::Gateway(GatewayConfig config, TlsContext tls)
    : config_{std::move(config)}, tls_{std::move(tls)} {}

Gateway::Result<Client> Gateway::connect() {
  ClientOptions options;
  options.timeout = kTimeout;
  auto connected =
      tls_ ? connect_tls(config_, tls_.get(), options) : Client::connect(config_.socket, options);
  if (!connected) {
    GatewayError error = error_of(connected.error());
    if (error.kind == Kind::kUncertain) error.kind = Kind::kUnreachable;
    error.message =
        fmt::format("{}: {}", tls_ ? config_.tls_connect : config_.socket, error.message);
    return tl::unexpected{std::move(error)};
  }
  return std::move(*connected);
}

Gateway::Result<Client> Gateway::take() {
  {
    const std::lock_guard lock{mutex_};
    const auto now = steady_clock::now();
    while (!idle_.empty()) {
      Idle idle = std::move(idle_.back());
      idle_.pop_back();
      if (now - idle.since < kMaxIdleFor) return std::move(idle.client);
    }
    if (!trouble_.empty() && now - tried_ < kBetweenTries)
      return tl::unexpected{GatewayError{Kind::kUnreachable, trouble_, false}};
  }
  const auto began = steady_clock::now();
  auto connected = connect();
  // Nobody else takes so long to say no.
  if (!connected && steady_clock::now() - began >= kTimeout / 2) note(true);
  const std::lock_guard lock{mutex_};
  trouble_.clear();
  if (!connected && connected.error().kind == Kind::kUnreachable) {
    tried_ = steady_clock::now();
    trouble_ = connected.error().message;
  }
  return connected;
}

void Gateway::give_back(Client client) {
  const std::lock_guard lock{mutex_};
  if (idle_.size() < kMaxIdle) idle_.push_back({std::move(client), steady_clock::now()});
}

void Gateway::note(bool is_silent) {
  const std::lock_guard lock{mutex_};
  is_silent_ = is_silent;
}

bool Gateway::is_awake() {
  std::unique_lock lock{mutex_};
  if (!is_silent_) return true;
  if (is_probing_) {
    has_probed_.wait_for(lock, kProbeWait, [this] { return !is_probing_; });
    return !is_silent_;
  }
  is_probing_ = true;
  lock.unlock();
  // It changes nothing, so that there is no doubt where no answer comes.
  const bool is_back = call_awake("hello", Json::object(), true).has_value();
  lock.lock();
  is_probing_ = false;
  is_silent_ = !is_back;
  lock.unlock();
  has_probed_.notify_all();
  return is_back;
}

Gateway::Result<Gateway::Json> Gateway::call(std::string_view method, const Json& params,
                                             bool may_repeat) {
  if (!is_awake()) {
    return tl::unexpected{GatewayError{
        Kind::kUnreachable,
        fmt::format("{}: does not answer", tls_ ? config_.tls_connect : config_.socket), false}};
  }
  return call_awake(method, params, may_repeat);
}

Gateway::Result<Gateway::Json> Gateway::call_awake(std::string_view method, const Json& params,
                                                   bool may_repeat) {
  // A connection that was idle may have ended with a gateway that has restarted since: that is
  // found out only by using it, so one that was waiting is given up for a new one.
  for (int attempt = 0;; ++attempt) {
    auto client = take();
    if (!client) return tl::unexpected{client.error()};
    auto result = client->call(method, params);
    if (result) {
      give_back(std::move(*client));
      return std::move(*result);
    }
    if (result.error().kind == ClientError::Kind::kRefused) {
      give_back(std::move(*client));
      return tl::unexpected{error_of(result.error())};
    }
    if (result.error().kind == ClientError::Kind::kTimeout) note(true);
    const bool is_over = result.error().kind == ClientError::Kind::kClosed;
    if (!is_over || !may_repeat || attempt == static_cast<int>(kMaxIdle)) {
      GatewayError error = error_of(result.error());
      error.message =
          fmt::format("{}: {}", tls_ ? config_.tls_connect : config_.socket, error.message);
      return tl::unexpected{std::move(error)};
    }
  }
}

Gateway::Result<Gateway::Json> Gateway::key_of(const ClientKey& client) {
  // Asked each time: a gateway that has restarted may know sessions by something else.
  auto hello = call("hello", Json::object(), true);
  if (!hello) {
    GatewayError error = hello.error();
    if (error.kind == Kind::kUncertain) error.kind = Kind::kUnreachable;
    return tl::unexpected{std::move(error)};
  }
  Json key{{"mac", client.mac}};
  const Json features = hello->value("features", Json::array());
  const auto has = [&features](const char* name) {
    return std::find(features.begin(), features.end(), name) != features.end();
  };
  if (has("session.vlan") || has("session.link")) key["vlan"] = client.vlan;
  if (has("session.link") && !client.link.empty()) key["link"] = client.link;
  return key;
}

std::uint8_t Gateway::own_number() {
  {
    const std::lock_guard lock{mutex_};
    if (numbered_ != steady_clock::time_point{} && steady_clock::now() - numbered_ < kNumberStands)
      return own_number_;
  }
  const auto hello = call("hello", Json::object(), true);
  const std::lock_guard lock{mutex_};
  if (!hello) return own_number_;
  own_number_ = static_cast<std::uint8_t>(number(*hello, "gateway"));
  numbered_ = steady_clock::now();
  return own_number_;
}

Gateway::Result<ClientKey> Gateway::client_at(const std::string& address) {
  auto result = call("client.get", {{"ip", address}}, true);
  if (!result) return tl::unexpected{result.error()};
  const auto found = result->find("client");
  if (found == result->end() || !found->is_object())
    return tl::unexpected{
        GatewayError{Kind::kRefused, "the gateway's answer has no client", false}};
  return key_from(*found);
}

Gateway::Result<Session> Gateway::session_at(const std::string& address) {
  auto result = call("session.get", {{"ip", address}}, true);
  if (!result) return tl::unexpected{result.error()};
  return session_from(*result);
}

Gateway::Result<Session> Gateway::session_of(const ClientKey& client) {
  const auto key = key_of(client);
  if (!key) return tl::unexpected{key.error()};
  auto result = call("session.get", *key, true);
  if (!result) return tl::unexpected{result.error()};
  return session_from(*result);
}

Gateway::Result<Session> Gateway::add(const NewSession& session) {
  auto params = key_of(session.client);
  if (!params) return tl::unexpected{params.error()};
  (*params)["state"] = "authenticated";
  (*params)["ttl_s"] = session.ttl_s;
  (*params)["rate_up_bps"] = session.rate_up_bps;
  (*params)["rate_down_bps"] = session.rate_down_bps;
  (*params)["quota_bytes"] = session.quota_bytes;
  (*params)["idle_s"] = session.idle_s;
  (*params)["class"] = session.session_class;
  (*params)["tag"] = config_.tag;
  (*params)["user"] = session.user;
  auto result = call("session.add", *params, true);
  if (!result && result.error().stands) return session_of(session.client);
  if (!result) return tl::unexpected{result.error()};
  return session_from(*result);
}

Gateway::Result<void> Gateway::revoke(const ClientKey& client) {
  const auto key = key_of(client);
  if (!key) return tl::unexpected{key.error()};
  const auto result = call("session.revoke", *key, true);
  if (!result && result.error().stands) return {};
  if (!result) return tl::unexpected{result.error()};
  if (!result->value("existed", false))
    return tl::unexpected{GatewayError{Kind::kNotFound, "there was no session", false}};
  return {};
}

Gateway::Result<Gateway::Json> Gateway::ask(std::string_view method, const Json& params) {
  return call(method, params, true);
}

}  // namespace gate511::portal
