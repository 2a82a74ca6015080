// SPDX-License-Identifier: BSD-3-Clause
#include "portal/guest/radius_login.hpp"

#include <fmt/format.h>

#include <utility>

#include "gate511/client.hpp"
#include "portal/members.hpp"
#include "portal/web/text.hpp"

namespace gate511::portal {
namespace {

constexpr std::size_t kMaxUser = 64;
constexpr std::size_t kMaxRadiusPassword = 128;  // RFC 2865, 5.2

}  // namespace

tl::expected<std::optional<RadiusLogin>, std::string> ask_radius(const std::string& socket,
                                                                 const ClientKey& client,
                                                                 const std::string& user,
                                                                 const std::string& password) {
  if (user.empty() || user.size() > kMaxUser || password.empty() ||
      password.size() > kMaxRadiusPassword)
    return std::nullopt;
  const auto failed = [&socket](const std::string& what) {
    return tl::unexpected{
        fmt::format("{}: {}; see that gate511-radius runs, and that its servers answer", socket,
                    for_log(what))};
  };
  auto connected = Client::connect(socket);
  if (!connected) return failed(connected.error().message);
  const auto told = connected->call("login", {{"mac", client.mac},
                                              {"vlan", client.vlan},
                                              {"link", client.link},
                                              {"user", user},
                                              {"password", password}});
  if (!told) return failed(told.error().message);
  if (!told->value("accepted", false)) return std::nullopt;
  const nlohmann::json terms = told->value("terms", nlohmann::json::object());
  RadiusLogin login;
  login.terms.name = "radius";
  login.terms.ttl_s = number(terms, "ttl_s");
  login.terms.idle_s = number(terms, "idle_s");
  login.terms.rate_up_bps = number(terms, "rate_up_bps");
  login.terms.rate_down_bps = number(terms, "rate_down_bps");
  login.terms.quota_bytes = number(terms, "quota_bytes");
  login.user = terms.value("user", user);
  return login;
}

}  // namespace gate511::portal
