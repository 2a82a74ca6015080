// SPDX-License-Identifier: BSD-3-Clause
#include "portal/operator/site.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "portal/assets.hpp"
#include "portal/guest/visitor.hpp"
#include "portal/store/users.hpp"
#include "portal/template.hpp"
#include "portal/web/text.hpp"

namespace gate511::portal {
namespace {

constexpr const char* kCookie = "gate511_operator";
constexpr std::size_t kPage = 100;
using Handled = httplib::Server::HandlerResponse;

std::string cookie_of(const httplib::Request& request) {
  const std::string cookies = request.get_header_value("Cookie");
  return std::string{cookie(cookies, kCookie)};
}

void send_json(httplib::Response& response, int status, const nlohmann::json& json) {
  response.status = status;
  response.set_content(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                       "application/json");
}

/// `127.0.0.1`, `[::1]`: without the port, which a tunnel may have changed.
std::string host_name(const std::string& field) {
  if (field.starts_with('[')) return field.substr(0, field.find(']') + 1);
  return lower_case(field.substr(0, field.find(':')));
}

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

OperatorSite::OperatorSite(web::App& app, const Config& config, std::string password,
                           PortalFile& file, Gateway& gateway, const Sampler& sampler, Log& log)
    : config_{config},
      password_{std::move(password)},
      gateway_{gateway},
      sampler_{sampler},
      log_{log},
      vouchers_{file},
      trail_{file} {
  app.set_pre_routing_handler([this](const Request& request, Response& response) {
    response.set_header("Cache-Control", "no-store");
    return turned_away(request, response) ? Handled::Handled : Handled::Unhandled;
  });
  app.set_exception_handler(
      [this](const Request&, Response& response, const std::exception_ptr& thrown) {
        const std::string what = what_of(thrown);
        log_.say("error", fmt::format("{}; see to {}", for_log(what), config_.database));
        send_json(response, 503, {{"error", what}});
      });
  add_pages(app);
  add_data(app);
  add_changes(app);
}

/// Another name for this machine is an attack by DNS, and a form from elsewhere none of ours.
bool OperatorSite::turned_away(const Request& request, Response& response) const {
  const std::string host = request.get_header_value("Host");
  const std::string name = host_name(host);
  const std::string& own = config_.operator_listen.host;
  const bool is_known = name == own || name == fmt::format("[{}]", own) || name == "localhost" ||
                        name == "127.0.0.1" || name == "[::1]";
  const std::string from = request.get_header_value("Origin");
  const std::string site = request.get_header_value("Sec-Fetch-Site");
  const bool is_form = request.method == "POST";
  // `null` is what browsers say of forms under `Referrer-Policy: no-referrer`.
  const bool is_ours = (from.empty() || from == "null" || from == "http://" + host) &&
                       (site.empty() || site == "same-origin" || site == "none");
  if (is_known && (!is_form || is_ours)) return false;
  response.status = 403;
  response.set_content("refused\n", "text/plain");
  return true;
}

void OperatorSite::show_login(Response& response, int status, const std::string& problem) const {
  response.status = status;
  const std::string said = problem.empty() ? "" : fill(asset("problem.html"), {{"text", problem}});
  response.set_content(
      fill(asset("operator_login.html"), {{"network", config_.network_name}, {"problem", said}}),
      kHtml);
}

std::optional<std::string> OperatorSite::is_in(const Request& request, Response& response) {
  auto token = in_.form_token(cookie_of(request), OperatorLogins::Clock::now());
  if (!token) send_json(response, 401, {{"error", "log in again"}});
  return token;
}

void OperatorSite::show(const Request& request, Response& response) {
  const auto token = in_.form_token(cookie_of(request), OperatorLogins::Clock::now());
  if (!token) return show_login(response, 200, {});
  response.set_content(
      fill(asset("operator.html"), {{"network", config_.network_name}, {"token", *token}}), kHtml);
}

void OperatorSite::log_in(const Request& request, Response& response) {
  const auto now = Limiter::Clock::now();
  if (const auto wait = failures_.wait(request.remote_addr, now); wait.count() > 0)
    return show_login(response, 429,
                      fmt::format("Too many attempts. Try again in {} s.", wait.count()));
  const auto form = Form::read(request.body);
  const std::string password = form ? (*form)["password"] : "";
  if (password.size() > kMaxPassword || !is_password(password, password_)) {
    if (failures_.failed(request.remote_addr, now))
      log_.say("operator",
               fmt::format("{} has failed to log in and is to wait", for_log(request.remote_addr)));
    return show_login(response, 403, "The password is wrong.");
  }
  // Always a new one, whatever the browser brought.
  in_.end(cookie_of(request));
  response.set_header("Set-Cookie", fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict", kCookie,
                                                in_.begin(OperatorLogins::Clock::now())));
  response.set_redirect("/", 303);
}

void OperatorSite::add_pages(web::App& app) {
  app.Get("/", [this](const Request& request, Response& response) { show(request, response); });
  app.Post("/login",
           [this](const Request& request, Response& response) { log_in(request, response); });
  for (const auto& [path, name, type] :
       {std::tuple{"/style\\.css", "style.css", "text/css"},
        std::tuple{"/operator\\.css", "operator.css", "text/css"},
        std::tuple{"/operator\\.js", "operator.js", "text/javascript"}}) {
    app.Get(path, [content = std::string{asset(name)}, type = type](
                      const Request&, Response& response) { response.set_content(content, type); });
  }
}

void OperatorSite::fail(Response& response, const GatewayError& error) const {
  log_.say("gateway", text_of(error));
  send_json(response, 503, {{"error", error.message}});
}

void OperatorSite::list(const Request& request, Response& response, std::string_view method,
                        Json params, const char* member) {
  // The gateway's pages may be short, or empty, though more follow.
  constexpr int kMostAsked = 50;
  params["limit"] = kPage;
  Json cursor = Json::parse(request.get_param_value("cursor"), nullptr, false);
  Json all = Json::array();
  for (int asked = 0; asked < kMostAsked && all.size() < kPage; ++asked) {
    if (cursor.is_number_unsigned() || cursor.is_string()) params["cursor"] = cursor;
    auto page = gateway_.ask(method, params);
    if (!page) return fail(response, page.error());
    for (Json& one : page->at(member)) all.push_back(std::move(one));
    cursor = page->value("next_cursor", Json(nullptr));
    if (cursor.is_null()) break;
  }
  send_json(response, 200, {{member, std::move(all)}, {"next", std::move(cursor)}});
}

OperatorSite::Json OperatorSite::vouchers(std::uint64_t after) {
  Json page = Json::array();
  const UnixTime now = now_s();
  std::uint64_t next = 0;
  vouchers_.each(
      [&](const Voucher& voucher) {
        if (page.size() == kPage) return false;
        next = voucher.id;
        page.push_back({{"code", voucher.code},
                        {"state", voucher.state(now)},
                        {"plan", voucher.plan},
                        {"used_by", voucher.used_by},
                        {"devices", voucher.devices},
                        {"ends_at", voucher.first_used > 0 ? voucher.ends_at : voucher.expires_at},
                        {"note", voucher.note}});
        return true;
      },
      after);
  const bool is_full = page.size() == kPage;
  return {{"vouchers", std::move(page)}, {"next", is_full ? Json(next) : Json(nullptr)}};
}

OperatorSite::Json OperatorSite::logins() {
  Json all = Json::array();
  trail_.each(kPage, [&all](const Login& login) {
    all.push_back(
        {{"at", login.at}, {"mac", login.mac}, {"method", login.method}, {"who", login.who}});
  });
  return {{"logins", std::move(all)}};
}

void OperatorSite::add_data(web::App& app) {
  const auto data = [this, &app](const char* path,
                                 std::function<void(const Request&, Response&)> act) {
    app.Get(path, [this, act = std::move(act)](const Request& request, Response& response) {
      if (is_in(request, response)) act(request, response);
    });
  };
  data("/data/rates", [this](const Request&, Response& response) {
    send_json(response, 200, {{"samples", sampler_.samples()}});
  });
  data("/data/sessions", [this](const Request& request, Response& response) {
    list(request, response, "session.list", Json::object(), "sessions");
  });
  data("/data/guests", [this](const Request& request, Response& response) {
    list(request, response, "client.list", {{"state", "guest"}}, "clients");
  });
  data("/data/vouchers", [this](const Request& request, Response& response) {
    send_json(response, 200, vouchers(number(request.get_param_value("after"))));
  });
  data("/data/logins",
       [this](const Request&, Response& response) { send_json(response, 200, logins()); });
}

void OperatorSite::add_changes(web::App& app) {
  const auto change = [this, &app](
                          const char* path,
                          std::function<void(const Form&, const Request&, Response&)> act) {
    app.Post(path, [this, act = std::move(act)](const Request& request, Response& response) {
      const auto token = is_in(request, response);
      if (!token) return;
      const auto form = Form::read(request.body);
      if (!form || (*form)["token"] != *token)
        return send_json(response, 403, {{"error", "the form is none of this page's"}});
      act(*form, request, response);
    });
  };
  change("/revoke", [this](const Form& form, const Request&, Response& response) {
    const ClientKey client{form["mac"], static_cast<std::uint16_t>(number(form["vlan"])),
                           form["link"]};
    const auto ended = gateway_.revoke(client);
    const bool is_gone = ended || ended.error().kind == GatewayError::Kind::kNotFound;
    log_.say("operator", fmt::format("{} {}", for_log(client.mac),
                                     is_gone ? "is sent away" : "cannot be sent away"));
    if (is_gone) return send_json(response, 200, {{"existed", ended.has_value()}});
    fail(response, ended.error());
  });
  change("/voucher/revoke", [this](const Form& form, const Request&, Response& response) {
    const bool existed = vouchers_.revoke(form["code"], now_s());
    send_json(response, existed ? 200 : 404, {{"existed", existed}});
  });
  change("/logout", [this](const Form&, const Request& request, Response& response) {
    in_.end(cookie_of(request));
    response.set_header("Set-Cookie",
                        fmt::format("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict", kCookie));
    response.set_redirect("/", 303);
  });
}

}  // namespace gate511::portal
