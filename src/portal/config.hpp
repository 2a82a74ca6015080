// SPDX-License-Identifier: BSD-3-Clause
//
// The portal's configuration as plain values, each with its default. docs/portal-config.md tells
// the same to people.
#pragma once

#include <tl/expected.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gate511/error.hpp"
#include "logging/format.hpp"
#include "portal/texts.hpp"
#include "portal/web/limiter.hpp"
#include "web/server.hpp"

namespace gate511::portal {

/// What a login gives. 0: no limit.
struct Plan {
  std::string name;
  std::uint64_t ttl_s = 86'400;  ///< a voucher's from its first login, else from each login
  std::uint64_t rate_up_bps = 0;
  std::uint64_t rate_down_bps = 0;
  std::uint64_t quota_bytes = 0;
  std::uint64_t idle_s = 0;
  std::string session_class;
};

struct GatewayConfig {
  std::string socket = "/run/gate511/control.sock";
  std::string tls_connect;  ///< `HOST:PORT`; empty: `socket`
  std::string tls_name;     ///< of the gateway's certificate; empty: the host
  std::string tls_cert;
  std::string tls_key;
  std::string tls_ca;
  std::string tag = "portal";  ///< of sessions that are the portal's
  /// `clients = "direct"`: guests come with the addresses that the gateway knows them by.
  bool sees_addresses = true;
};

struct Config {
  static constexpr std::size_t kMaxPlans = 64;

  // [portal]
  std::string url;   ///< `https://portal.example/`: its own, with a slash at the end
  std::string host;  ///< of `url`, as it stands in the field Host
  std::string network_name = "this network";
  std::vector<std::string> secret_files;  ///< one, or two while the key is changed
  std::string database = "/var/lib/gate511-portal/portal.db";
  std::string renew_url = "http://198.51.100.1/";
  std::string venue_info_url;
  Language language = Language::kEnglish;
  std::string style_file;
  std::string logo_file;
  // [listen]
  std::vector<web::ListenAddress> https;
  std::vector<web::ListenAddress> http;
  std::string certificate;
  std::string certificate_key;

  GatewayConfig gateway;
  // [radius]
  std::string radius_socket;  ///< of gate511-radius; empty: users are the portal's own
  // [login]
  std::vector<std::string> methods{"voucher"};  ///< `terms`, `voucher`, `password`
  std::string terms_plan;
  std::string terms_file;
  Limiter::Limits limits;
  std::vector<Plan> plans;
  // [retention]
  std::uint32_t trail_days = 30;
  std::uint32_t voucher_days = 30;  ///< after a voucher's end
  // [operator]
  web::ListenAddress operator_listen;  ///< port 0: none
  std::string operator_password_file;

  logging::Options log;
  std::string user = "gate511-portal";  ///< [privileges]; empty: whom it was started as
  bool user_is_given = false;

  std::string source;  ///< file name
  std::map<std::string, int> lines;

  /// null: there is none of that name.
  [[nodiscard]] const Plan* plan(std::string_view name) const;
  /// `FILE:LINE` of a key, or `FILE` where it is not set.
  [[nodiscard]] std::string where(const std::string& key) const;
};

/// Reads a file.
[[nodiscard]] tl::expected<Config, Error> load_config(const std::string& path);
/// Reads text; touches no file. `source` stands in errors.
[[nodiscard]] tl::expected<Config, Error> parse_config(std::string_view text,
                                                       std::string_view source);
/// What is allowed but probably not meant.
[[nodiscard]] std::vector<Error> warnings(const Config& config);
/// The bytes of the secret files.
[[nodiscard]] tl::expected<std::vector<std::string>, Error> load_secrets(const Config& config);

}  // namespace gate511::portal
