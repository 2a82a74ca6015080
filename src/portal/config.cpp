// SPDX-License-Identifier: BSD-3-Clause
#include "portal/config.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "gate511/login_link.hpp"
#include "portal/web/return_url.hpp"
#include "portal/web/text.hpp"
#include "settings/log_section.hpp"
#include "settings/privileges.hpp"
#include "settings/reader.hpp"
#include "settings/text_file.hpp"

namespace gate511::portal {
namespace {

using settings::Document;
using settings::Problem;
using settings::Section;

constexpr std::uint64_t kMaxTtl_s = 3'153'600'000;  // as the gateway's
constexpr std::uint64_t kMaxRate = 1'000'000'000'000;
constexpr std::uint64_t kMaxQuota = 9'007'199'254'740'992;

std::optional<web::ListenAddress> read_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool has_brackets = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (has_brackets) host = host.substr(1, host.size() - 2);
  web::ListenAddress address{std::string{host}, 0};
  in6_addr parsed{};
  if (::inet_pton(has_brackets ? AF_INET6 : AF_INET, address.host.c_str(), &parsed) != 1)
    return std::nullopt;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + colon + 1, end, address.port);
  if (read.ec != std::errc{} || read.ptr != end || address.port == 0) return std::nullopt;
  return address;
}

Problem bad_address(const std::string& key, std::string_view text) {
  return {fmt::format("`{}` holds \"{}\", which is no address and port", key, for_log(text)),
          "write it like \"192.0.2.10:443\" or \"[2001:db8::10]:443\""};
}

/// As browsers write it in the fields Host and Origin (RFC 3986, 6.2.2.1 and 6.2.3): the host in
/// small letters, and the scheme's own port left out. nullopt: it is no site's, with a slash at the
/// end.
std::optional<std::string> canonical_site(std::string_view url) {
  if (!is_safe_return(url, "") || !url.ends_with('/')) return std::nullopt;
  const std::size_t begin = url.find("://") + 3;
  const std::string_view authority = url.substr(begin, url.size() - begin - 1);
  const std::string_view host = host_of(url);
  if (authority.find('/') != authority.npos || host.empty()) return std::nullopt;
  const std::string site = fmt::format("{}{}", url.substr(0, begin), lower_case(host));
  if (authority.size() == host.size()) return site + "/";
  unsigned port = 0;
  const std::string_view digits = authority.substr(host.size() + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (port == 0 || port > 65'535) return std::nullopt;
  const bool is_default = port == (url.starts_with("https://") ? 443 : 80);
  return is_default ? site + "/" : fmt::format("{}:{}/", site, port);
}

void read_url(Section& section, Config& out) {
  section.required_text("url", out.url, "the portal's own, such as \"https://portal.example/\"");
  const auto site = canonical_site(out.url);
  if (!site) {
    return section.fail(
        "url", {fmt::format("`portal.url` is \"{}\", which is no site's", for_log(out.url)),
                "give scheme and host with a slash at the end, such as "
                "\"https://portal.example/\""});
  }
  out.url = *site;
  const std::size_t begin = out.url.find("://") + 3;
  out.host = out.url.substr(begin, out.url.size() - begin - 1);
}

void read_portal(Section section, Config& out) {
  read_url(section, out);
  section.text("network_name", out.network_name);
  if (out.network_name.empty() || !is_plain_text(out.network_name)) {
    section.fail("network_name", {"`portal.network_name` is empty or holds control characters",
                                  "give the name that guests know the network by"});
  }
  out.secret_files.emplace_back();
  section.required_text("secret_file", out.secret_files[0], "the gateway's portal.secret_file");
  std::string old;
  section.text("old_secret_file", old);
  if (!old.empty()) out.secret_files.push_back(old);
  section.text("database", out.database);
  section.text("renew_url", out.renew_url);
  if (!is_safe_return(out.renew_url, host_of(out.url)) || !is_plain_http(out.renew_url)) {
    section.fail(
        "renew_url",
        {fmt::format("`portal.renew_url` is \"{}\", which renews no link", for_log(out.renew_url)),
         "give an http URL on port 80 outside of the garden, which the gateway answers in its "
         "place"});
  }
  section.text("venue_info_url", out.venue_info_url);
  if (!out.venue_info_url.empty() && !is_safe_return(out.venue_info_url, "")) {
    section.fail("venue_info_url", {"`portal.venue_info_url` is no web address",
                                    "give an http or https URL, or \"\""});
  }
  auto language = static_cast<std::size_t>(out.language);
  section.choice("language", {"en", "de", "fr", "es", "pt", "zh", "ar"}, language);
  out.language = static_cast<Language>(language);
  section.text("style", out.style_file);
  section.text("logo", out.logo_file);
}

void read_addresses(Section& section, std::string_view key, std::vector<web::ListenAddress>& out) {
  section.texts(key, [&](const std::string& text) -> std::optional<Problem> {
    auto address = read_address(text);
    if (!address) return bad_address(section.name(key), text);
    out.push_back(std::move(*address));
    return std::nullopt;
  });
}

void read_listen(Section section, Config& out) {
  read_addresses(section, "https", out.https);
  read_addresses(section, "http", out.http);
  section.text("certificate", out.certificate);
  section.text("key", out.certificate_key);
  if (out.https.empty() && out.http.empty()) {
    section.fail("https",
                 {"nothing is listened on",
                  "set listen.https, such as [\"192.0.2.10:443\"], with certificate and key"});
  }
  if (!out.https.empty() && (out.certificate.empty() || out.certificate_key.empty())) {
    section.fail("https", {"`listen.https` has no certificate",
                           "set listen.certificate and listen.key, each a PEM file"});
  }
  if (out.url.starts_with("https://") == out.https.empty()) {
    section.fail("https", {fmt::format("`portal.url` is \"{}\" and `listen.https` {}",
                                       for_log(out.url), out.https.empty() ? "is empty" : "is not"),
                           "make them agree: https:// with listen.https, else http://"});
  }
}

/// What the gateway takes as a session's tag, user or class.
constexpr std::size_t kMaxField = 64;
bool is_field(std::string_view text) {
  return text.size() <= kMaxField && is_plain_text(text);
}

void read_gateway(Section section, GatewayConfig& out) {
  section.text("socket", out.socket);
  section.text("tls_connect", out.tls_connect);
  section.text("tls_name", out.tls_name);
  section.text("tls_cert", out.tls_cert);
  section.text("tls_key", out.tls_key);
  section.text("tls_ca", out.tls_ca);
  section.text("tag", out.tag);
  if (out.tag.empty() || !is_field(out.tag)) {
    section.fail("tag",
                 {"`gateway.tag` is no tag", "give 1 to 64 bytes without control characters"});
  }
  std::size_t clients = 0;
  section.choice("clients", {"direct", "translated"}, clients);
  out.sees_addresses = clients == 0;
  if (out.tls_connect.empty()) return;
  const std::size_t colon = out.tls_connect.rfind(':');
  unsigned port = 0;
  const char* const end = out.tls_connect.data() + out.tls_connect.size();
  if (colon == std::string::npos || colon == 0 ||
      std::from_chars(out.tls_connect.data() + colon + 1, end, port).ptr != end || port == 0 ||
      port > 65'535) {
    section.fail("tls_connect", {"`gateway.tls_connect` is no host and port",
                                 "write it like \"gateway.example:9512\""});
  }
  for (const auto& [key, file] :
       {std::pair{"tls_cert", &out.tls_cert}, {"tls_key", &out.tls_key}, {"tls_ca", &out.tls_ca}}) {
    if (!file->empty()) continue;
    section.fail("tls_connect", {fmt::format("`gateway.{}` is missing", key),
                                 "TLS needs tls_cert, tls_key and tls_ca, each a PEM file"});
  }
}

void read_texts_of_plan(Section& section, Plan& plan) {
  section.required_text("name", plan.name, "any name, by which vouchers and users have it");
  section.text("class", plan.session_class);
  for (const auto& [key, text] : {std::pair{"name", &plan.name}, {"class", &plan.session_class}}) {
    if (is_field(*text)) continue;
    section.fail(key, {fmt::format("`{}` is longer than {} bytes, or holds control characters",
                                   section.name(key), kMaxField),
                       "give a short one"});
  }
}

void read_plans(Document& document, Section& root, Config& out) {
  const auto tables = root.tables("plan");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    Section section{
        document,
        tables[i],
        fmt::format("plan[{}]", i),
        {"name", "ttl_s", "rate_up_bps", "rate_down_bps", "quota_bytes", "idle_s", "class"}};
    Plan plan;
    section.integer("ttl_s", std::uint64_t{0}, kMaxTtl_s, " seconds, 0 for no end", plan.ttl_s);
    section.integer("rate_up_bps", std::uint64_t{0}, kMaxRate, " bits a second, 0 for any",
                    plan.rate_up_bps);
    section.integer("rate_down_bps", std::uint64_t{0}, kMaxRate, " bits a second, 0 for any",
                    plan.rate_down_bps);
    section.integer("quota_bytes", std::uint64_t{0}, kMaxQuota, " bytes, 0 for any",
                    plan.quota_bytes);
    section.integer("idle_s", std::uint64_t{0}, kMaxTtl_s, " seconds, 0 for never", plan.idle_s);
    read_texts_of_plan(section, plan);
    if (out.plan(plan.name) != nullptr) {
      section.fail("name", {fmt::format("two plans are named \"{}\"", for_log(plan.name)),
                            "give each its own"});
    }
    out.plans.push_back(std::move(plan));
  }
  if (out.plans.empty()) {
    root.fail("plan",
              {"there is no plan", "add a [[plan]] with name and ttl_s: what a login gives"});
  }
  if (out.plans.size() > Config::kMaxPlans)
    root.fail("plan", {fmt::format("there are {} plans", out.plans.size()), "64 are possible"});
}

void read_login(Section section, Config& out) {
  if (section.has("methods")) {
    out.methods.clear();
    section.texts("methods", [&](const std::string& method) -> std::optional<Problem> {
      const bool is_known = method == "terms" || method == "voucher" || method == "password";
      if (!is_known ||
          std::find(out.methods.begin(), out.methods.end(), method) != out.methods.end())
        return Problem{fmt::format("`login.methods` holds \"{}\"{}", for_log(method),
                                   is_known ? " twice" : ""),
                       "it may hold \"terms\", \"voucher\" and \"password\", each once"};
      out.methods.push_back(method);
      return std::nullopt;
    });
    if (out.methods.empty())
      section.fail("methods", {"`login.methods` is empty", "give one, such as [\"voucher\"]"});
  }
  section.text("terms_plan", out.terms_plan);
  section.text("terms_file", out.terms_file);
  const bool has_terms =
      std::find(out.methods.begin(), out.methods.end(), "terms") != out.methods.end();
  if (has_terms && out.plan(out.terms_plan) == nullptr) {
    section.fail("terms_plan", {fmt::format("`login.terms_plan` is \"{}\", which is no plan",
                                            for_log(out.terms_plan)),
                                "name the [[plan]] that accepting the terms gives"});
  }
  section.integer("failures_of_client", 1U, 1'000U, " failures in the window", out.limits.of_key);
  section.integer("failures_of_all", 1U, 1'000'000U, " failures in the window", out.limits.of_all);
  auto window = static_cast<std::uint32_t>(out.limits.window.count());
  section.integer("failure_window_s", 1U, 86'400U, " seconds", window);
  out.limits.window = std::chrono::seconds{window};
}

void read_operator(Section section, Config& out) {
  std::string listen;
  section.text("listen", listen);
  section.text("password_file", out.operator_password_file);
  if (listen.empty()) return;
  auto address = read_address(listen);
  if (!address) return section.fail("listen", bad_address("operator.listen", listen));
  out.operator_listen = std::move(*address);
  if (out.operator_password_file.empty()) {
    section.fail("listen", {"`operator.password_file` is missing",
                            "make one: gate511-portal hash-password >FILE"});
  }
}

}  // namespace

const Plan* Config::plan(std::string_view name) const {
  const auto found = std::find_if(plans.begin(), plans.end(),
                                  [name](const Plan& plan) { return plan.name == name; });
  return found == plans.end() ? nullptr : &*found;
}

std::string Config::where(const std::string& key) const {
  const auto line = lines.find(key);
  return line == lines.end() ? source : fmt::format("{}:{}", source, line->second);
}

tl::expected<Config, Error> parse_config(std::string_view text, std::string_view source) {
  const auto table = settings::parse_toml(text, source);
  if (!table) return tl::unexpected{table.error()};
  Document document{source};
  Section root{document,
               &*table,
               "",
               {"portal", "listen", "gateway", "radius", "login", "plan", "retention", "operator",
                "log", "privileges"}};
  Config config;
  config.source = source;
  read_portal(
      root.sub("portal", {"url", "network_name", "secret_file", "old_secret_file", "database",
                          "renew_url", "venue_info_url", "language", "style", "logo"}),
      config);
  read_listen(root.sub("listen", {"https", "http", "certificate", "key"}), config);
  read_gateway(root.sub("gateway", {"socket", "tls_connect", "tls_name", "tls_cert", "tls_key",
                                    "tls_ca", "tag", "clients"}),
               config.gateway);
  root.sub("radius", {"socket"}).text("socket", config.radius_socket);
  read_plans(document, root, config);
  read_login(root.sub("login", {"methods", "terms_plan", "terms_file", "failures_of_client",
                                "failures_of_all", "failure_window_s"}),
             config);
  Section retention = root.sub("retention", {"trail_days", "voucher_days"});
  retention.integer("trail_days", 1U, 3'650U, " days", config.trail_days);
  retention.integer("voucher_days", 1U, 3'650U, " days after a voucher's end", config.voucher_days);
  read_operator(root.sub("operator", {"listen", "password_file"}), config);
  settings::read_log(root, config.log);
  settings::read_user(root, config.user, config.user_is_given);
  if (document.error()) return tl::unexpected{*document.error()};
  config.lines = document.lines();
  return config;
}

tl::expected<Config, Error> load_config(const std::string& path) {
  const auto text = settings::read_config_file(path);
  if (!text) return tl::unexpected{text.error()};
  return parse_config(*text, path);
}

tl::expected<std::vector<std::string>, Error> load_secrets(const Config& config) {
  std::vector<std::string> secrets;
  for (std::size_t i = 0; i < config.secret_files.size(); ++i) {
    const std::string key = i == 0 ? "portal.secret_file" : "portal.old_secret_file";
    const std::string& path = config.secret_files[i];
    auto secret =
        settings::read_secret(path, LoginLinkVerifier::kMinSecret,
                              i == 0 ? "it is the gateway's portal.secret_file: see that it is "
                                       "there, and that the portal may read it when it starts"
                                     : "it is what the gateway's portal.secret_file was before: "
                                       "leave the key out where there was none");
    if (!secret) {
      return tl::unexpected{Error{config.where(key),
                                  fmt::format("`{}` {} {}", key, path, secret.error().what),
                                  secret.error().hint}};
    }
    secrets.push_back(std::move(*secret));
  }
  return secrets;
}

std::vector<Error> warnings(const Config& config) {
  std::vector<Error> found;
  if (config.https.empty()) {
    found.push_back({config.where("listen.http"),
                     "the portal speaks plain HTTP: all who are near read codes "
                     "and passwords, and clients get no RFC 8908 API",
                     "set listen.https, certificate and key"});
  }
  const bool is_loopback =
      config.operator_listen.host.starts_with("127.") || config.operator_listen.host == "::1";
  if (config.operator_listen.port != 0 && !is_loopback) {
    found.push_back({config.where("operator.listen"),
                     "the operator's page is open to the network, in plain HTTP",
                     "listen on 127.0.0.1 and reach it over SSH"});
  }
  return found;
}

}  // namespace gate511::portal
