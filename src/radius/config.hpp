// SPDX-License-Identifier: BSD-3-Clause
//
// gate511-radius's configuration as plain values, each with its default. docs/radius.md tells the
// same to people.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gate511/error.hpp"
#include "logging/format.hpp"
#include "radius/client/exchange.hpp"
#include "radius/mac_form.hpp"
#include "settings/privileges.hpp"

namespace gate511::radius {

/// `[[server]]`: one that is asked. The first that answers is used.
struct ServerConfig {
  std::string address;
  std::uint16_t authentication_port = 1812;  ///< 0: it is asked for none
  std::uint16_t accounting_port = 1813;      ///< 0: it gets no records
  std::string secret_file;
};

/// `[[coa_client]]`: who may ask for changes.
struct CoaClient {
  std::string address;
  std::string secret_file;
};

struct ListenAddress {
  std::string host;  ///< empty: nowhere
  std::uint16_t port = 0;
};

struct MacConfig {
  bool is_on = true;
  MacForm form = MacForm::kUpperDashes;       ///< of Calling-Station-Id
  MacForm user_form = MacForm::kUpperDashes;  ///< of User-Name, and of the password
  std::string password_file;                  ///< empty: the MAC itself
  std::vector<std::string> zones;             ///< empty: all
  std::uint32_t reject_for_s = 600;           ///< one who was rejected is not asked for again
  std::uint32_t per_second = 500;             ///< requests; what comes faster is left out
  std::uint32_t in_flight = 1'024;
  std::uint32_t remembered = 65'536;  ///< MACs that are known to have been asked for
};

struct Config {
  static constexpr std::size_t kMaxServers = 8;

  std::string identifier = "gate511";  ///< [nas]
  std::string nas_address;             ///< NAS-IP-Address or NAS-IPv6-Address; empty: none
  // [gateway]
  std::string socket = "/run/gate511/control.sock";
  std::string tag = "radius";  ///< of sessions that are opened here
  // [servers]
  std::vector<ServerConfig> servers;
  ExchangeOptions exchange;
  MacConfig mac;
  // [session]: what holds where the server says nothing of it
  std::uint64_t ttl_s = 86'400;
  std::uint64_t idle_s = 0;
  // [login]: users whom a portal asks about
  bool uses_chap = false;  ///< else PAP
  // [accounting]
  std::string spool = "/var/lib/gate511-radius/spool.db";
  std::uint64_t spool_max = 1'000'000;  ///< records
  std::uint64_t interim_s = 600;        ///< 0: none, but where the server asks for them
  // [coa]
  ListenAddress coa_listen;
  std::uint32_t coa_window_s = 300;
  std::vector<CoaClient> coa_clients;
  // [door]: where the program itself is asked
  std::string door = "/run/gate511-radius/radius.sock";  ///< empty: nowhere
  std::string door_group = "gate511";

  logging::Options log;
  std::string user = "gate511-radius";  ///< [privileges]; empty: whom it was started as
  bool user_is_given = false;

  std::string source;  ///< file name
  std::map<std::string, int> lines;

  /// `FILE:LINE` of a key, or `FILE` where it is not set.
  [[nodiscard]] std::string where(const std::string& key) const;
  [[nodiscard]] settings::Privileges privileges() const;
};

/// Reads a file.
[[nodiscard]] tl::expected<Config, Error> load_config(const std::string& path);
/// Reads text; touches no file. `source` stands in errors.
[[nodiscard]] tl::expected<Config, Error> parse_config(std::string_view text,
                                                       std::string_view source);

/// What the secret files hold.
struct Secrets {
  std::vector<std::string> servers;      ///< in their order
  std::vector<std::string> coa_clients;  ///< in theirs
  std::string mac_password;              ///< empty: the MAC itself
};
[[nodiscard]] tl::expected<Secrets, Error> load_secrets(const Config& config);

}  // namespace gate511::radius
