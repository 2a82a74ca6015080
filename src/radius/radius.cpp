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

#include "radius/door.hpp"
#include "radius/gateway/changes.hpp"
#include "radius/gateway/inbox.hpp"
#include "radius/gateway/sightings.hpp"
#include "radius/guests.hpp"
#include "radius/status.hpp"

namespace gate511::radius {
namespace {

// How soon stop() is seen, and clients of the door that are late.
constexpr int kTurn_ms = 100;

std::vector<Server> authentication_servers(const Config& config, const Secrets& secrets) {
  std::vector<Server> servers;
  for (std::size_t i = 0; i < config.servers.size(); ++i) {
    const ServerConfig& server = config.servers[i];
    if (server.authentication_port != 0)
      servers.push_back({server.address, server.authentication_port, secrets.servers[i]});
  }
  return servers;
}

}  // namespace

struct Radius::Parts {
  Parts(Config given, Secrets read)
      : config{std::move(given)},
        secrets{std::move(read)},
        authentication{"authentication", authentication_servers(config, secrets), config.exchange} {
  }

  const Config config;
  const Secrets secrets;
  Exchange authentication;
  Inbox inbox;  ///< before those who post to it
  Door door;
  Changes changes{config.socket, inbox};
  Guests guests{{config, secrets.mac_password, authentication, changes, {}}};
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
      {"mac", status_of(guests, sightings.left_out())}};
}

void Radius::Parts::turn() {
  std::array<pollfd, 3> waits{
      {{authentication.fd(), POLLIN, 0}, {inbox.fd(), POLLIN, 0}, {door.fd(), POLLIN, 0}}};
  const int wait = authentication.wait_ms();
  ::poll(waits.data(), waits.size(), wait < 0 ? kTurn_ms : std::min(wait, kTurn_ms));
  authentication.work();
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
  if (auto opened = parts.authentication.open(); !opened) return opened;
  parts.door.add("status",
                 [&parts](const nlohmann::json&, const Door::Done& done) { done(parts.status()); });
  if (!parts.config.door.empty()) {
    auto opened = parts.door.open(parts.config.door, parts.config.door_group,
                                  parts.config.where("door.socket"));
    if (!opened) return opened;
  }
  return {};
}

void Radius::run() {
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
