// SPDX-License-Identifier: BSD-3-Clause
#include "portal/portal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "portal/brand.hpp"
#include "portal/guest/site.hpp"
#include "portal/operator/sampler.hpp"
#include "portal/operator/site.hpp"
#include "portal/session_ends.hpp"
#include "portal/store/database.hpp"
#include "portal/store/plans.hpp"
#include "portal/web/tls.hpp"
#include "settings/text_file.hpp"
#include "web/server.hpp"

namespace gate511::portal {
namespace {

constexpr std::chrono::hours kBetweenCleanings{1};
constexpr std::size_t kConnections = 1024;
constexpr std::size_t kMinConnections = 64;
constexpr std::size_t kOperatorConnections = 64;
constexpr std::size_t kOtherFiles = kOperatorConnections + 64;  // the gateway's and the database's

/// Behind a NAT all guests have one address.
web::Server::Limits limits_of(const Config& config, std::size_t connections) {
  web::Server::Limits limits;
  limits.connections = connections;
  limits.of_network = connections / 2;
  if (!config.gateway.sees_addresses) limits.of_client = limits.of_network = connections;
  return limits;
}

}  // namespace

struct Portal::Parts {
  Parts(Config given, TlsContext to_gateway, std::size_t connections)
      : config{std::move(given)},
        gateway{config.gateway, std::move(to_gateway)},
        server{limits_of(config, connections)} {}

  Config config;
  std::vector<std::string> secrets;
  Brand brand;
  TlsContext tls{nullptr, ::SSL_CTX_free};
  Texts texts;
  Log log;
  Gateway gateway;
  std::unique_ptr<PortalFile> file;
  web::App guests;
  web::App to_tls;  ///< leads plain requests on to TLS
  std::unique_ptr<GuestSite> site;
  std::string operator_password;  ///< a hash; empty: there is no operator's page
  web::App operator_app;
  Sampler sampler{gateway};
  std::unique_ptr<OperatorSite> operator_site;
  web::Server server;  ///< behind what its threads use
  web::Server operator_server{web::Server::Limits{.connections = kOperatorConnections,
                                                  .of_client = kOperatorConnections,
                                                  .of_network = kOperatorConnections,
                                                  .threads = 2}};

  std::mutex mutex;
  std::condition_variable is_over;
  std::atomic<bool> is_stopped = false;  ///< set under `mutex`
  std::atomic<bool> is_reload_wanted = false;

  [[nodiscard]] tl::expected<void, Error> listen();
  [[nodiscard]] tl::expected<void, Error> load_operator();
  void reload();
  void every(std::chrono::milliseconds time, const std::function<void()>& act);
  void keep_clean();
};

tl::expected<void, Error> Portal::Parts::listen() {
  for (const web::ListenAddress& address : config.https) {
    if (auto opened = server.listen(address, guests, tls.get()); !opened) return opened;
  }
  redirect_to_tls(to_tls, config.url);
  for (const web::ListenAddress& address : config.http) {
    web::App& app = config.https.empty() ? guests : to_tls;
    if (auto opened = server.listen(address, app, nullptr); !opened) return opened;
  }
  if (config.operator_listen.port == 0) return {};
  return operator_server.listen(config.operator_listen, operator_app, nullptr);
}

tl::expected<void, Error> Portal::Parts::load_operator() {
  if (config.operator_listen.port == 0) return {};
  const std::string& path = config.operator_password_file;
  const std::string hint =
      fmt::format("make it: gate511-portal hash-password >{0}; chmod 0640 {0}", path);
  const auto bad = [&](const std::string& what, const std::string& mend) {
    return tl::unexpected{Error{config.where("operator.password_file"),
                                fmt::format("`operator.password_file` {} {}", path, what), mend}};
  };
  const auto read = settings::read_secret(path, 1, hint);
  if (!read) return bad(read.error().what, read.error().hint);
  operator_password = read->substr(0, read->find('\n'));
  if (!operator_password.starts_with("$scrypt$")) return bad("holds no hash of a password", hint);
  return {};
}

/// Who is connected keeps the certificate of before.
void Portal::Parts::reload() {
  if (!is_reload_wanted.exchange(false)) return;
  if (config.https.empty()) return log.say("reload", "there is no certificate to read again");
  auto made = server_context(config.certificate, config.certificate_key);
  if (!made)
    return log.say("reload", made.error().text() + "; the certificate of before stays in use");
  server.set_tls(made->get());
  tls = std::move(*made);
  log.say("reload", fmt::format("{} is in use from now on", config.certificate));
}

/// At once, and each time that so long has passed, until the portal stops.
void Portal::Parts::every(std::chrono::milliseconds time, const std::function<void()>& act) {
  std::unique_lock lock{mutex};
  while (!is_stopped) {
    lock.unlock();
    act();
    lock.lock();
    is_over.wait_for(lock, time, [this] { return is_stopped.load(); });
  }
}

/// Takes away what is too old.
void Portal::Parts::keep_clean() {
  try {
    file->drop_old(now_s(), config.trail_days, config.voucher_days);
  } catch (const sql::SqlError& error) {
    log.say("database", fmt::format("{}: what is old cannot be taken away: {}; see to the disk",
                                    config.database, error.what()));
  }
}

tl::expected<Portal, Error> Portal::load(const Config& config) {
  TlsContext to_gateway{nullptr, ::SSL_CTX_free};
  if (!config.gateway.tls_connect.empty()) {
    const GatewayConfig& gateway = config.gateway;
    auto made = client_context(gateway.tls_cert, gateway.tls_key, gateway.tls_ca);
    if (!made) return tl::unexpected{made.error()};
    to_gateway = std::move(*made);
  }
  const std::size_t connections = web::connections_that_fit(kConnections, kOtherFiles);
  if (connections < kMinConnections) {
    return tl::unexpected{
        Error{"limits", "too few files may be open",
              fmt::format("allow {} at least, such as by LimitNOFILE= of systemd or ulimit -n",
                          kMinConnections + kOtherFiles)}};
  }
  auto parts = std::make_unique<Parts>(config, std::move(to_gateway), connections);
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
  if (auto loaded = parts->load_operator(); !loaded) return tl::unexpected{loaded.error()};
  return Portal{std::move(parts)};
}

tl::expected<void, Error> Portal::listen() {
  return parts_->listen();
}

tl::expected<std::vector<Error>, Error> Portal::prepare() {
  Parts& parts = *parts_;
  std::vector<Error> found;
  try {
    parts.file = std::make_unique<PortalFile>(parts.config.database);
    found = missing_plans(*parts.file, parts.config);
  } catch (const sql::SqlError& error) {
    return tl::unexpected{Error{
        parts.config.where("portal.database"),
        fmt::format("`portal.database` {} cannot be used: {}", parts.config.database, error.what()),
        "give a file in a folder that the portal's user may write"}};
  }
  parts.site = std::make_unique<GuestSite>(parts.guests, parts.config, parts.secrets, parts.brand,
                                           *parts.file, parts.gateway, parts.texts, parts.log);
  if (!parts.operator_password.empty()) {
    parts.operator_site =
        std::make_unique<OperatorSite>(parts.operator_app, parts.config, parts.operator_password,
                                       *parts.file, parts.gateway, parts.sampler, parts.log);
  }
  // Guests come before it answers, or after: this is for who starts it.
  if (const auto hello = parts.gateway.ask("hello", nlohmann::json::object()); !hello)
    parts.log.say("gateway", text_of(hello.error()));
  return found;
}

void Portal::run() {
  Parts& parts = *parts_;
  std::vector<std::thread> threads;
  threads.emplace_back([&] { parts.every(kBetweenCleanings, [&] { parts.keep_clean(); }); });
  if (parts.operator_site) {
    threads.emplace_back([&] { parts.every(Sampler::kEach, [&] { parts.sampler.look(); }); });
    threads.emplace_back([&] { parts.operator_server.run(); });
  }
  // Ends are asked for only where they count: who asks and goes leaves the gateway with what it
  // keeps.
  const auto has_quota = [](const Plan& plan) { return plan.quota_bytes > 0; };
  if (std::any_of(parts.config.plans.begin(), parts.config.plans.end(), has_quota)) {
    threads.emplace_back([&] {
      Vouchers vouchers{*parts.file};
      SessionEnds{parts.gateway, vouchers, parts.log}.follow(parts.is_stopped);
    });
  }
  parts.server.when_woken([&parts] { parts.reload(); });
  parts.server.run();
  {
    const std::lock_guard lock{parts.mutex};
    parts.is_stopped = true;
  }
  parts.is_over.notify_all();
  parts.operator_server.stop();
  for (std::thread& thread : threads) thread.join();
}

void Portal::stop() noexcept {
  parts_->server.stop();
}

void Portal::reload() noexcept {
  parts_->is_reload_wanted = true;
  parts_->server.wake();
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
