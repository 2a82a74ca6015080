// SPDX-License-Identifier: BSD-3-Clause
#include "portal/portal.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "portal/brand.hpp"
#include "portal/guest/site.hpp"
#include "portal/store/database.hpp"
#include "portal/web/server.hpp"
#include "portal/web/tls.hpp"

namespace gate511::portal {
namespace {

constexpr std::chrono::hours kBetweenCleanings{1};

}  // namespace

struct Portal::Parts {
  Parts(Config given, TlsContext to_gateway)
      : config{std::move(given)}, gateway{config.gateway, std::move(to_gateway)} {}

  Config config;
  std::vector<std::string> secrets;
  Brand brand;
  TlsContext tls{nullptr, ::SSL_CTX_free};
  Texts texts;
  Log log;
  Gateway gateway;
  std::unique_ptr<PortalFile> file;
  App guests;
  App to_tls;  ///< leads plain requests on to TLS
  std::unique_ptr<GuestSite> site;
  Server server{Server::Limits{}};  ///< behind what its threads use

  std::mutex mutex;
  std::condition_variable is_over;
  bool is_stopped = false;

  [[nodiscard]] tl::expected<void, Error> listen();
  void keep_clean();
};

tl::expected<void, Error> Portal::Parts::listen() {
  for (const ListenAddress& address : config.https) {
    if (auto opened = server.listen(address, guests, tls.get()); !opened) return opened;
  }
  redirect_to_tls(to_tls, config.url);
  for (const ListenAddress& address : config.http) {
    App& app = config.https.empty() ? guests : to_tls;
    if (auto opened = server.listen(address, app, nullptr); !opened) return opened;
  }
  return {};
}

/// Takes away what is too old, at once and each hour.
void Portal::Parts::keep_clean() {
  std::unique_lock lock{mutex};
  while (!is_stopped) {
    lock.unlock();
    try {
      file->drop_old(now_s(), config.trail_days, config.voucher_days);
    } catch (const sql::SqlError& error) {
      log.say("database", fmt::format("{}: what is old cannot be taken away: {}; see to the disk",
                                      config.database, error.what()));
    }
    lock.lock();
    is_over.wait_for(lock, kBetweenCleanings, [this] { return is_stopped; });
  }
}

tl::expected<Portal, Error> Portal::open(const Config& config) {
  TlsContext to_gateway{nullptr, ::SSL_CTX_free};
  if (!config.gateway.tls_connect.empty()) {
    const GatewayConfig& gateway = config.gateway;
    auto made = client_context(gateway.tls_cert, gateway.tls_key, gateway.tls_ca);
    if (!made) return tl::unexpected{made.error()};
    to_gateway = std::move(*made);
  }
  auto parts = std::make_unique<Parts>(config, std::move(to_gateway));
  auto secrets = load_secrets(config);
  if (!secrets) return tl::unexpected{secrets.error()};
  parts->secrets = std::move(*secrets);
  auto brand = load_brand(config);
  if (!brand) return tl::unexpected{brand.error()};
  parts->brand = std::move(*brand);
  if (!config.https.empty()) {
    auto tls = server_context(config.certificate, config.certificate_key);
    if (!tls) return tl::unexpected{tls.error()};
    parts->tls = std::move(*tls);
  }
  if (auto listening = parts->listen(); !listening) return tl::unexpected{listening.error()};
  return Portal{std::move(parts)};
}

tl::expected<void, Error> Portal::prepare() {
  Parts& parts = *parts_;
  try {
    parts.file = std::make_unique<PortalFile>(parts.config.database);
  } catch (const sql::SqlError& error) {
    return tl::unexpected{Error{
        parts.config.where("portal.database"),
        fmt::format("`portal.database` {} cannot be used: {}", parts.config.database, error.what()),
        "give a file in a folder that the portal's user may write"}};
  }
  parts.site = std::make_unique<GuestSite>(parts.guests, parts.config, parts.secrets, parts.brand,
                                           *parts.file, parts.gateway, parts.texts, parts.log);
  // Guests come before it answers, or after: this is for who starts it.
  if (const auto hello = parts.gateway.ask("hello", nlohmann::json::object()); !hello)
    parts.log.say("gateway", text_of(hello.error()));
  return {};
}

void Portal::run() {
  Parts& parts = *parts_;
  std::thread cleaner{[&parts] { parts.keep_clean(); }};
  parts.server.run();
  {
    const std::lock_guard lock{parts.mutex};
    parts.is_stopped = true;
  }
  parts.is_over.notify_all();
  cleaner.join();
}

void Portal::stop() noexcept {
  parts_->server.stop();
}

std::string Portal::text() const {
  const Config& config = parts_->config;
  return fmt::format(
      "{} ({} by {}, gateway at {})", config.url, fmt::join(config.methods, ", "),
      config.https.empty() ? "http" : "https",
      config.gateway.tls_connect.empty() ? config.gateway.socket : config.gateway.tls_connect);
}

Portal::Portal(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}
Portal::Portal(Portal&&) noexcept = default;
Portal& Portal::operator=(Portal&&) noexcept = default;
Portal::~Portal() = default;

}  // namespace gate511::portal
