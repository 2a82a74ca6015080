// SPDX-License-Identifier: BSD-3-Clause
//
// What guests use: log in, see what is left, log out; and the API of RFC 8908.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "portal/brand.hpp"
#include "portal/config.hpp"
#include "portal/gateway.hpp"
#include "portal/guest/method.hpp"
#include "portal/guest/pages.hpp"
#include "portal/guest/visitor.hpp"
#include "portal/log.hpp"
#include "portal/store/trail.hpp"
#include "portal/web/limiter.hpp"
#include "web/app.hpp"

namespace gate511::portal {

class GuestSite {
 public:
  /// Answers by `app`. All that is given outlives it.
  GuestSite(web::App& app, const Config& config, const std::vector<std::string>& secrets,
            const Brand& brand, PortalFile& file, Gateway& gateway, const Texts& texts, Log& log);

 private:
  using Request = web::App::Request;
  using Response = web::App::Response;

  void add_routes();
  /// True: answered already, as the site is called by another name or the form comes from
  /// elsewhere.
  [[nodiscard]] bool turned_away(const Request& request, Response& response);
  void show_login(const Request& request, Response& response);
  void take_login(const Request& request, Response& response);
  void show_welcome(const Request& request, Response& response);
  void show_status(const Request& request, Response& response);
  void take_log_out(const Request& request, Response& response);
  void answer_api(const Request& request, Response& response);
  /// Whether a page may lead on by itself once more; false for who would go in circles.
  [[nodiscard]] bool leads_on_again(const std::string& who);
  void explain(const Request& request, Response& response, const Stranger& stranger);
  void explain(const Request& request, Response& response, const GatewayError& error);
  /// One login of a MAC at a time: what it finds and what it changes are one.
  class Turn {
   public:
    Turn(GuestSite& site, const std::string& mac);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    [[nodiscard]] bool is_ours() const { return is_ours_; }

   private:
    GuestSite& site_;
    const std::string& mac_;
    bool is_ours_;
  };

  /// What stands in the way of a login before anything is checked, as an answer. True: it does.
  [[nodiscard]] bool may_not_log_in(const Request& request, Response& response,
                                    const Visitor& visitor,
                                    const Gateway::Result<Session>& session);
  /// For how long this MAC has tried, or logged in, often enough.
  [[nodiscard]] std::chrono::seconds wait_of(const std::string& mac, bool is_guess);
  /// Opens the session, or says why not, and then nothing was changed.
  void open_session(const Request& request, Response& response, const Visitor& visitor,
                    const Method& method, const Grant& grant);
  void show_session(const Request& request, Response& response, const Session& session,
                    const std::string& return_url, bool leads_on);
  [[nodiscard]] std::string safe_return(const std::string& url) const;
  /// Where a login that is just over is to lead, kept by the browser for the next page alone.
  [[nodiscard]] std::string return_cookie(const Request& request, const Visitor& visitor) const;
  [[nodiscard]] std::string wanted_by(const Request& request, const std::string& mac) const;
  [[nodiscard]] Language language_of(const Request& request) const;
  void send(Response& response, int status, const std::string& page);
  [[nodiscard]] std::string origin() const { return config_.url.substr(0, config_.url.size() - 1); }

  const Config& config_;
  const Brand& brand_;
  Gateway& gateway_;
  Log& log_;
  Seal seal_;
  Visitors visitors_;
  Trail trail_;
  Vouchers vouchers_;
  Users users_;
  std::vector<std::unique_ptr<Method>> methods_;
  Pages pages_;
  Limiter failures_;
  Limiter logins_;
  Limiter renewals_;
  web::App& app_;
  std::mutex mutex_;
  std::set<std::string> logging_in_;  ///< MACs that are at it just now
};

/// Answers everything with where it is by TLS.
void redirect_to_tls(web::App& app, const std::string& url);

}  // namespace gate511::portal
