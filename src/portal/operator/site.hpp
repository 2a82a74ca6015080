// SPDX-License-Identifier: BSD-3-Clause
//
// The operator's page: sessions, guests, vouchers, logins, and what passes. On sockets of its own,
// on loopback by default, behind a password.
#pragma once

#include <functional>
#include <string>

#include "portal/config.hpp"
#include "portal/gateway.hpp"
#include "portal/log.hpp"
#include "portal/operator/logins.hpp"
#include "portal/operator/sampler.hpp"
#include "portal/store/trail.hpp"
#include "portal/store/vouchers.hpp"
#include "portal/web/form.hpp"
#include "portal/web/limiter.hpp"
#include "web/app.hpp"

namespace gate511::portal {

class OperatorSite {
 public:
  /// Answers by `app`. `password`: a hash. All that is given outlives it.
  OperatorSite(web::App& app, const Config& config, std::string password, PortalFile& file,
               Gateway& gateway, const Sampler& sampler, Log& log);

 private:
  using Request = web::App::Request;
  using Response = web::App::Response;
  using Json = nlohmann::json;

  void add_pages(web::App& app);
  void add_data(web::App& app);
  void add_changes(web::App& app);
  [[nodiscard]] bool turned_away(const Request& request, Response& response) const;
  /// The login's form token; nothing: `response` says that there is none.
  [[nodiscard]] std::optional<std::string> is_in(const Request& request, Response& response);
  void show(const Request& request, Response& response);
  void log_in(const Request& request, Response& response);
  void fail(Response& response, const GatewayError& error) const;
  /// Up to a page of what `method` lists in `member`, from the request's cursor on.
  void list(const Request& request, Response& response, std::string_view method, Json params,
            const char* member);
  void show_login(Response& response, int status, const std::string& problem) const;
  [[nodiscard]] Json vouchers(std::uint64_t after);
  [[nodiscard]] Json logins();

  const Config& config_;
  const std::string password_;
  Gateway& gateway_;
  const Sampler& sampler_;
  Log& log_;
  Vouchers vouchers_;
  Trail trail_;
  OperatorLogins in_;
  Limiter failures_{{10, 50, std::chrono::seconds{600}}};
};

}  // namespace gate511::portal
