// SPDX-License-Identifier: BSD-3-Clause
//
// What a guest that is online uses, and the API of RFC 8908, which says the same to its device.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "portal/guest/site.hpp"
#include "portal/web/return_url.hpp"
#include "portal/web/text.hpp"

namespace gate511::portal {

void GuestSite::show_session(const Request& request, Response& response, const Session& session,
                             const std::string& return_url, bool leads_on) {
  // Sessions that others have opened, such as an operator's, are not ended here.
  const bool is_ours = session.tag == gateway_.config().tag && gateway_.config().sees_addresses;
  const Visitor visitor{session.client, 0, {}, request.remote_addr};
  const std::string ticket = is_ours ? visitors_.ticket("log out", visitor, now_s()) : "";
  send(response, 200, pages_.status(language_of(request), session, ticket, return_url, leads_on));
}

void GuestSite::show_welcome(const Request& request, Response& response) {
  if (!gateway_.config().sees_addresses) {
    const std::string return_url = wanted_by(request, {});
    const auto action =
        return_url.empty() ? std::nullopt : std::optional{Action{return_url, "go_on"}};
    return send(response, 200,
                pages_.message(language_of(request), "online", action, action.has_value()));
  }
  const auto session = gateway_.session_at(request.remote_addr);
  if (session && session->is_open()) {
    const std::string return_url = wanted_by(request, session->client.mac);
    return show_session(request, response, *session, return_url, !return_url.empty());
  }
  if (!session && session.error().kind != GatewayError::Kind::kNotFound)
    return explain(request, response, session.error());
  response.set_redirect("/", 303);
}

void GuestSite::show_status(const Request& request, Response& response) {
  if (!gateway_.config().sees_addresses) {
    return send(response, 200, pages_.message(language_of(request), "online", std::nullopt));
  }
  const auto session = gateway_.session_at(request.remote_addr);
  if (session && session->is_open()) return show_session(request, response, *session, {}, false);
  if (!session && session.error().kind != GatewayError::Kind::kNotFound)
    return explain(request, response, session.error());
  response.set_redirect("/", 303);
}

void GuestSite::take_log_out(const Request& request, Response& response) {
  const auto form = Form::read(request.body);
  const auto visitor =
      visitors_.return_with("log out", form ? (*form)["ticket"] : "", request.remote_addr, now_s());
  if (!visitor) return explain(request, response, visitor.error());
  const auto session = gateway_.session_of(visitor->client);
  if (session && session->tag == gateway_.config().tag) {
    const auto ended = gateway_.revoke(visitor->client);
    if (!ended && ended.error().kind != GatewayError::Kind::kNotFound)
      return explain(request, response, ended.error());
    // At once: its next login may be quicker than the event of its end.
    vouchers_.used(session->id, session->user, session->client.mac, session->bytes, now_s());
  } else if (!session && session.error().kind != GatewayError::Kind::kNotFound) {
    return explain(request, response, session.error());
  }
  send(response, 200,
       pages_.message(language_of(request), "logged_out",
                      Action{config_.renew_url, "log_in_again"}));
}

// RFC 8908, 5. A client is captive unless it is known to have a session that passes.
void GuestSite::answer_api(const Request& request, Response& response) {
  response.set_header("Cache-Control", "private");
  if (!web::is_tls(request) || !gateway_.config().sees_addresses) {
    // RFC 8908, 4.1: by TLS alone; and nothing is said of a client that is not known by its
    // address.
    response.status = 404;
    response.set_content("{}\n", "application/captive+json");
    return;
  }
  const auto session = gateway_.session_at(request.remote_addr);
  if (!session && session.error().kind != GatewayError::Kind::kNotFound &&
      session.error().kind != GatewayError::Kind::kConflict) {
    log_.say("gateway", text_of(session.error()));
    response.status = 503;
    response.set_header("Retry-After", "10");
    response.set_content("{}\n", "application/captive+json");
    return;
  }
  const bool is_open = session && session->is_open();
  nlohmann::ordered_json said{
      {"captive", !is_open}, {"user-portal-url", config_.url}, {"can-extend-session", false}};
  if (!config_.venue_info_url.empty()) said["venue-info-url"] = config_.venue_info_url;
  if (is_open && session->seconds_left) said["seconds-remaining"] = *session->seconds_left;
  if (is_open && session->bytes_left) said["bytes-remaining"] = *session->bytes_left;
  response.set_content(said.dump() + "\n", "application/captive+json");
}

}  // namespace gate511::portal
