// SPDX-License-Identifier: BSD-3-Clause
#include "radius/radius.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <utility>
#include <vector>

#include "logging/log.hpp"
#include "radius/accounting/accounting.hpp"
#include "radius/accounting/directory.hpp"
#include "radius/door.hpp"
#include "radius/dynamic/authorization.hpp"
#include "radius/gateway/changes.hpp"
#include "radius/gateway/inbox.hpp"
#include "radius/gateway/sightings.hpp"
#include "radius/guests.hpp"
#include "radius/logins.hpp"
#include "radius/status.hpp"

namespace gate511::radius {
namespace {

// How soon stop() is seen, and clients of the door that are late.
constexpr int kTurn_ms = 100;

std::uint64_t unix_s() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

/// Those that have such a port.
std::vector<Server> servers_of(const Config& config, const Secrets& secrets,
                               std::uint16_t ServerConfig::*port) {
  std::vector<Server> servers;
  for (std::size_t i = 0; i < config.servers.size(); ++i) {
    const ServerConfig& server = config.servers[i];
    if (server.*port != 0) servers.push_back({server.address, server.*port, secrets.servers[i]});
  }
  return servers;
}

}  // namespace

struct Radius::Parts {
  Parts(Config given, Secrets read)
      : config{std::move(given)},
        secrets{std::move(read)},
        authentication{"authentication",
                       servers_of(config, secrets, &ServerConfig::authentication_port),
                       config.exchange},
        accounting{config, servers_of(config, secrets, &ServerConfig::accounting_port), directory} {
  }

  const Config config;
  const Secrets secrets;
  Exchange authentication;
  Directory directory;
  Accounting accounting;
  Inbox inbox;  ///< before those who post to it
  Door door;
  Changes changes{config.socket, inbox};
  Guests guests{
      {config, secrets.mac_password, authentication, changes,
       [this](const Place& place, const Terms& terms) {
         directory.accepted({place, terms.user, terms.classes, terms.interim_s.value_or(0)});
       },
       [this](const Place& place) { static_cast<void>(directory.take_accepted(place)); }}};
  DynamicAuthorization dynamic{{config, secrets.coa_clients, directory, changes,
                                [this](const std::string& mac) { guests.sent_away(mac); },
                                [this](const std::string& mac) { guests.stays(mac); }, unix_s}};
  Logins logins{config, authentication, directory};
  Sightings sightings{config.socket, inbox,
                      [this](const std::vector<Guest>& seen) { guests.seen(seen); }};
  std::atomic<bool> is_stopped = false;

  [[nodiscard]] nlohmann::json status() const;
  void turn();
};

nlohmann::json Radius::Parts::status() const {
  return {
      {"identifier", config.identifier},
      {"gateway", {{"sightings", sightings.is_connected()}, {"changes", changes.is_connected()}}},
      {"authentication", status_of(authentication)},
      {"accounting", accounting.status()},
      {"coa", status_of(dynamic)},
      {"login", status_of(logins)},
      {"mac", status_of(guests, sightings.left_out())}};
}

void Radius::Parts::turn() {
  std::array<pollfd, 4> waits{{{authentication.fd(), POLLIN, 0},
                               {inbox.fd(), POLLIN, 0},
                               {door.fd(), POLLIN, 0},
                               {dynamic.fd(), POLLIN, 0}}};
  const int wait = authentication.wait_ms();
  ::poll(waits.data(), waits.size(), wait < 0 ? kTurn_ms : std::min(wait, kTurn_ms));
  authentication.work();
  dynamic.work();
  inbox.run();
  door.work();
}

tl::expected<Radius, Error> Radius::load(const Config& config) {
  auto secrets = load_secrets(config);
  if (!secrets) return tl::unexpected{secrets.error()};
  return Radius{std::make_unique<Parts>(config, std::move(*secrets))};
}

Radius::Radius(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}
Radius::Radius(Radius&&) noexcept = default;
Radius& Radius::operator=(Radius&&) noexcept = default;
Radius::~Radius() = default;

tl::expected<void, Error> Radius::open() {
  Parts& parts = *parts_;
  // First: a second program of this configuration ends here.
  const auto noted = parts.accounting.open();
  if (!noted) return tl::unexpected{noted.error()};
  if (auto opened = parts.authentication.open(); !opened) return opened;
  if (auto opened = parts.dynamic.open(); !opened) return opened;
  if (!noted->empty()) {
    logging::say(
        logging::Level::kError, "spool",
        fmt::format("accounting: {}: {}; what it held is not sent", parts.config.spool, *noted));
  }
  parts.door.add("status",
                 [&parts](const nlohmann::json&, const Door::Done& done) { done(parts.status()); });
  parts.door.add("login", [&parts](const nlohmann::json& params, Door::Done done) {
    parts.logins.login(params, std::move(done));
  });
  if (!parts.config.door.empty()) {
    auto opened = parts.door.open(parts.config.door, parts.config.door_group,
                                  parts.config.where("door.socket"));
    if (!opened) return opened;
  }
  return {};
}

void Radius::run() {
  parts_->accounting.start();
  parts_->changes.start();
  if (parts_->config.mac.is_on) parts_->sightings.start();
  while (!parts_->is_stopped) parts_->turn();
}

void Radius::stop() noexcept {
  parts_->is_stopped = true;
}

std::string Radius::text() const {
  std::vector<std::string> servers;
  for (const auto& [name, is_alive] : parts_->authentication.servers()) servers.push_back(name);
  return fmt::format("{}, asks {}", parts_->config.identifier, fmt::join(servers, ", "));
}

}  // namespace gate511::radius
