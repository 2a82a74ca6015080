// SPDX-License-Identifier: BSD-3-Clause
#include "portal/guest/site.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "portal/assets.hpp"
#include "portal/web/form.hpp"
#include "portal/web/return_url.hpp"
#include "portal/web/text.hpp"

namespace gate511::portal {
namespace {

constexpr const char* kForm = "application/x-www-form-urlencoded";

/// A client that is led on more often has a clock or a gateway that is wrong, and is not sent in
/// circles.
constexpr Limiter::Limits kRenewals{5, 100'000, std::chrono::seconds{60}};

/// Who logs in and out all the time costs the gateway's store and this one a write each.
constexpr Limiter::Limits kLogins{20, 1'000'000, std::chrono::seconds{600}};

constexpr UnixTime kReturnAge_s = 300;

}  // namespace

GuestSite::GuestSite(web::App& app, const Config& config, const std::vector<std::string>& secrets,
                     const Brand& brand, PortalFile& file, Gateway& gateway, const Texts& texts,
                     Log& log)
    : config_{config},
      brand_{brand},
      gateway_{gateway},
      log_{log},
      seal_{secrets},
      visitors_{secrets, gateway, log},
      trail_{file},
      vouchers_{file},
      users_{file},
      methods_{make_methods(config, vouchers_, users_, brand_.terms, log)},
      pages_{config, texts, !brand_.logo.empty(), !brand_.style.empty()},
      failures_{config.limits},
      logins_{kLogins},
      renewals_{kRenewals},
      app_{app} {
  add_routes();
}

void GuestSite::add_routes() {
  const auto to = [this](void (GuestSite::*handler)(const Request&, Response&)) {
    return [this, handler](const Request& request, Response& response) {
      (this->*handler)(request, response);
    };
  };
  app_.set_pre_routing_handler([this](const Request& request, Response& response) {
    return turned_away(request, response) ? httplib::Server::HandlerResponse::Handled
                                          : httplib::Server::HandlerResponse::Unhandled;
  });
  app_.Get("/", to(&GuestSite::show_login));
  app_.Get("/login", to(&GuestSite::show_login));
  app_.Post("/login", to(&GuestSite::take_login));
  app_.Get("/welcome", to(&GuestSite::show_welcome));
  app_.Get("/status", to(&GuestSite::show_status));
  app_.Post("/logout", to(&GuestSite::take_log_out));
  app_.Get("/api", to(&GuestSite::answer_api));
  const auto file = [this](const char* path, const std::string& content, const std::string& type) {
    if (content.empty()) return;
    app_.add_file(path, type, content);
  };
  static const std::string kStyle{asset("style.css")};
  file("/style.css", kStyle, "text/css");
  file("/brand.css", brand_.style, "text/css");
  file("/logo", brand_.logo, brand_.logo_type);
  const httplib::Server::HandlerWithResponse on_error = [this](const Request& request,
                                                               Response& response) {
    if (!response.body.empty()) return httplib::Server::HandlerResponse::Unhandled;
    send(response, response.status, pages_.message(language_of(request), "missing", std::nullopt));
    return httplib::Server::HandlerResponse::Handled;
  };
  app_.set_error_handler(on_error);
  app_.set_exception_handler(
      [this](const Request& request, Response& response, const std::exception_ptr& thrown) {
        log_.say("error",
                 fmt::format("{}: {}; see to {}, and report what is none of its",
                             for_log(request.path), for_log(what_of(thrown)), config_.database));
        send(response, 503, pages_.message(language_of(request), "trouble", std::nullopt));
      });
}

void GuestSite::send(Response& response, int status, const std::string& page) {
  response.status = status;
  response.set_header("Cache-Control", "no-store");
  response.set_content(page, kHtml);
}

Language GuestSite::language_of(const Request& request) const {
  return choose_language(request.get_header_value("Accept-Language"), config_.language);
}

std::string GuestSite::safe_return(const std::string& url) const {
  return url != config_.renew_url && is_safe_return(url, host_of(config_.url)) ? url
                                                                               : std::string{};
}

bool GuestSite::turned_away(const Request& request, Response& response) {
  const std::string host = lower_case(request.get_header_value("Host"));
  const bool is_form = request.method == "POST";
  // The API is asked for by the name that DHCP told, which its certificate has as well.
  if (host != config_.host && !is_form && request.path != "/api") {
    response.status = 302;
    response.set_header("Cache-Control", "no-store");
    response.set_header("Location", config_.url);
    return true;
  }
  if (!is_form) return false;
  // Browsers say where a form comes from; who says nothing is none. Under `Referrer-Policy:
  // no-referrer` the origin of our own forms is `null` too (Fetch, "append a request `Origin`
  // header").
  const std::string from = request.get_header_value("Origin");
  const std::string site = request.get_header_value("Sec-Fetch-Site");
  const bool is_ours = host == config_.host &&
                       (from.empty() || from == "null" || from == origin()) &&
                       (site.empty() || site == "same-origin");
  const bool is_readable = request.get_header_value("Content-Type").rfind(kForm, 0) == 0;
  if (is_ours && is_readable) return false;
  log_.say("form",
           fmt::format("from {}: of another site, or none: refused", for_log(request.remote_addr)));
  send(response, is_ours ? 415 : 403,
       pages_.message(language_of(request), "form", Action{"/", "try_again"}));
  return true;
}

bool GuestSite::leads_on_again(const std::string& who) {
  const auto now = Limiter::Clock::now();
  const bool again = renewals_.wait(who, now).count() == 0;
  renewals_.failed(who, now);
  return again;
}

void GuestSite::explain(const Request& request, Response& response, const Stranger& stranger) {
  using Why = Stranger::Why;
  const Language language = language_of(request);
  const std::string fresh =
      is_plain_http(stranger.return_url) && !safe_return(stranger.return_url).empty()
          ? stranger.return_url
          : config_.renew_url;
  const Action renew{fresh, "try_again"};
  switch (stranger.why) {
    case Why::kExpired:
    case Why::kNoLink: {
      const bool leads_on =
          leads_on_again(stranger.mac.empty() ? request.remote_addr : stranger.mac);
      return send(response, 200, pages_.message(language, "expired", renew, leads_on));
    }
    case Why::kForged:
      return send(response, 403, pages_.message(language, "forged", renew));
    case Why::kOther:
      return send(response, 403, pages_.message(language, "other", renew));
    case Why::kUnknown:
      return send(response, 403, pages_.message(language, "unknown", renew));
    case Why::kConflict:
      return send(response, 409, pages_.message(language, "conflict", renew));
    case Why::kOldForm:
      return send(response, 403, pages_.message(language, "form", Action{"/", "try_again"}));
    case Why::kNoGateway:
      response.set_header("Retry-After", "10");
      return send(response, 503,
                  pages_.message(language, "trouble", Action{request.target, "try_again"}));
  }
}

void GuestSite::explain(const Request& request, Response& response, const GatewayError& error) {
  if (error.kind == GatewayError::Kind::kConflict)
    return explain(request, response, Stranger{Stranger::Why::kConflict, {}, {}});
  log_.say("gateway", text_of(error));
  const Language language = language_of(request);
  response.set_header("Retry-After", "10");
  if (error.kind != GatewayError::Kind::kUncertain)
    return send(response, 503, pages_.message(language, "trouble", Action{"/", "try_again"}));
  send(response, 503,
       pages_.message(language, "trouble_title", pages_.texts()(language, "uncertain_text"),
                      Action{"/", "try_again"}));
}

void GuestSite::show_login(const Request& request, Response& response) {
  const auto visitor = visitors_.arrive(request.target, request.remote_addr);
  if (!visitor) return explain(request, response, visitor.error());
  const auto session = gateway_.session_of(visitor->client);
  if (session && session->is_open()) {
    // A connection that its browser has held since before the login was answered by the gateway:
    // what was wanted is there by the next one.
    const std::string wanted = safe_return(visitor->return_url);
    const bool leads_on = !wanted.empty() && leads_on_again(visitor->client.mac);
    return show_session(request, response, *session, wanted, leads_on);
  }
  const Language language = language_of(request);
  if (may_not_log_in(request, response, *visitor, session)) return;
  send(response, 200,
       pages_.login(language, methods_, visitors_.ticket("login", *visitor, now_s()), {}));
}

GuestSite::Turn::Turn(GuestSite& site, const std::string& mac) : site_{site}, mac_{mac} {
  const std::lock_guard lock{site_.mutex_};
  is_ours_ = site_.logging_in_.insert(mac_).second;
}

GuestSite::Turn::~Turn() {
  if (!is_ours_) return;
  const std::lock_guard lock{site_.mutex_};
  site_.logging_in_.erase(mac_);
}

std::chrono::seconds GuestSite::wait_of(const std::string& mac, bool is_guess) {
  const auto now = Limiter::Clock::now();
  const auto wait = logins_.wait(mac, now);
  return is_guess ? std::max(wait, failures_.wait(mac, now)) : wait;
}

bool GuestSite::may_not_log_in(const Request& request, Response& response, const Visitor& visitor,
                               const Gateway::Result<Session>& session) {
  if (!session && session.error().kind != GatewayError::Kind::kNotFound) {
    explain(request, response, session.error());
  } else if (session && session->is_open()) {
    response.set_redirect("/status", 303);
  } else if (session && (session->state == "blocked" || session->tag != gateway_.config().tag)) {
    // What others have restricted is theirs to lift.
    send(response, 403, pages_.message(language_of(request), "blocked", std::nullopt));
  } else if (trail_.is_spent(visitor.client.mac, visitor.nonce)) {
    log_.say("link", fmt::format("{}'s has opened a session already", visitor.client.mac));
    send(response, 403,
         pages_.message(language_of(request), "used", Action{config_.renew_url, "try_again"}));
  } else {
    return false;
  }
  return true;
}

void GuestSite::take_login(const Request& request, Response& response) {
  const Language language = language_of(request);
  const auto form = Form::read(request.body);
  const auto visitor =
      visitors_.return_with("login", form ? (*form)["ticket"] : "", request.remote_addr, now_s());
  if (!visitor) return explain(request, response, visitor.error());
  const auto method = std::find_if(methods_.begin(), methods_.end(), [&form](const auto& one) {
    return one->name() == (*form)["method"];
  });
  if (method == methods_.end())
    return explain(request, response, Stranger{Stranger::Why::kOldForm, {}, {}});

  const std::string& mac = visitor->client.mac;
  const Turn turn{*this, mac};
  if (!turn.is_ours()) {  // a second click: the first one's outcome is there in a moment
    response.set_redirect("/", 303);
    return;
  }
  const bool is_guess = (*method)->can_be_guessed();
  const auto refuse = [&](int status, const std::string& text) {
    send(response, status,
         pages_.login(language, methods_, visitors_.ticket("login", *visitor, now_s()),
                      {text, (*method)->name(), (*form)[(*method)->typed_field()]}));
  };
  if (const auto wait = wait_of(mac, is_guess); wait.count() > 0) {
    response.set_header("Retry-After", fmt::format("{}", wait.count()));
    const auto seconds = static_cast<std::uint64_t>(wait.count());
    return refuse(429, with(pages_.texts()(language, "too_many"), "time",
                            pages_.texts().duration(language, seconds)));
  }
  const auto session = gateway_.session_of(visitor->client);
  if (may_not_log_in(request, response, *visitor, session)) return;
  // It is restricted, as its quota is used: what a voucher gave counts for its next login.
  if (session) vouchers_.used(session->id, session->user, mac, session->bytes, now_s());
  const auto grant = (*method)->check(*form, visitor->client, now_s());
  // Who makes the site wait for a server that leaves some users unanswered does so a few times.
  if (!grant && is_guess && grant.error() == Denial::kNoServer)
    static_cast<void>(failures_.failed(mac, Limiter::Clock::now()));
  if (!grant && (grant.error() == Denial::kNoPlan || grant.error() == Denial::kNoServer))
    return refuse(503, pages_.texts()(language, "trouble_text"));
  if (!grant) {
    if (is_guess && failures_.failed(mac, Limiter::Clock::now())) {
      log_.say("login", fmt::format("{} has failed {} times and is to wait for {} s", mac,
                                    config_.limits.of_key, config_.limits.window.count()));
    }
    return refuse(403, pages_.texts()(language, (*method)->text_of(grant.error())));
  }
  if (session) {
    const auto ended = gateway_.revoke(visitor->client);
    if (!ended && ended.error().kind != GatewayError::Kind::kNotFound) {
      if (grant->take_back) grant->take_back();
      return explain(request, response, ended.error());
    }
  }
  open_session(request, response, *visitor, **method, *grant);
}

void GuestSite::open_session(const Request& request, Response& response, const Visitor& visitor,
                             const Method& method, const Grant& grant) {
  // First, since what cannot be noted is not to be opened.
  const Login login{now_s(), visitor.client.mac, std::string{method.name()}, grant.who};
  trail_.completed(login, visitor.nonce);
  const Plan& plan = grant.plan;
  const auto added =
      gateway_.add({visitor.client, grant.ttl_s, plan.rate_up_bps, plan.rate_down_bps,
                    grant.quota_bytes, plan.idle_s, plan.session_class, grant.who});
  if (!added) {
    // What may have been opened stays noted and paid for: the same device logs in again at no cost.
    if (added.error().kind != GatewayError::Kind::kUncertain) {
      trail_.withdraw(login, visitor.nonce);
      if (grant.take_back) grant.take_back();
    }
    return explain(request, response, added.error());
  }
  logins_.failed(visitor.client.mac, Limiter::Clock::now());
  response.set_header("Set-Cookie", return_cookie(request, visitor));
  response.set_header("Cache-Control", "no-store");
  response.set_redirect("/welcome", 303);
}

std::string GuestSite::return_cookie(const Request& request, const Visitor& visitor) const {
  const std::string wanted = safe_return(visitor.return_url);
  // Without one, that of a login before is taken away.
  const std::string sealed =
      wanted.empty()
          ? ""
          : seal_.seal("return", nlohmann::json{visitor.client.mac, now_s(), wanted}.dump(
                                     -1, ' ', false, nlohmann::json::error_handler_t::replace));
  return fmt::format("gate511_return={}; Path=/welcome; Max-Age={}; HttpOnly; SameSite=Lax{}",
                     sealed, wanted.empty() ? 0 : kReturnAge_s,
                     web::is_tls(request) ? "; Secure" : "");
}

std::string GuestSite::wanted_by(const Request& request, const std::string& mac) const {
  const auto text =
      seal_.open("return", cookie(request.get_header_value("Cookie"), "gate511_return"));
  if (!text) return {};
  const auto read = nlohmann::json::parse(*text);  // it is our own
  const bool is_its = mac.empty() || read.at(0).get<std::string>() == mac;
  const bool is_new = now_s() <= read.at(1).get<UnixTime>() + kReturnAge_s;
  return is_its && is_new ? safe_return(read.at(2).get<std::string>()) : std::string{};
}

void redirect_to_tls(web::App& app, const std::string& url) {
  app.set_pre_routing_handler([url](const httplib::Request& request, httplib::Response& response) {
    response.status = request.method == "POST" ? 403 : 302;
    response.set_header("Cache-Control", "no-store");
    if (request.method != "POST") response.set_header("Location", url + request.target.substr(1));
    return httplib::Server::HandlerResponse::Handled;
  });
}

}  // namespace gate511::portal
