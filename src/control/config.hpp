// SPDX-License-Identifier: BSD-3-Clause
//
// The configuration as plain values, each with its default. docs/config.md tells the same to
// people.
#pragma once

#include <tl/expected.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/caller.hpp"
#include "control/session_keys.hpp"
#include "control/session_record.hpp"
#include "gate511/error.hpp"
#include "http/language.hpp"
#include "logging/format.hpp"
#include "net/ip.hpp"
#include "net/mac.hpp"
#include "policy/snapshot.hpp"

namespace gate511::control {

struct DpdkConfig {
  std::vector<std::string> args;          ///< handed to EAL as they are
  std::string lcores = "0-1";             ///< as EAL's `--lcores` takes it
  std::vector<unsigned> lcore_ids{0, 1};  ///< in the order of `lcores`; the first is control's

  bool operator==(const DpdkConfig&) const = default;
};

/// One of `link.routers`: an address, whose MAC is found out on the uplink, or a MAC.
struct RouterPin {
  net::IpAddress address{};  ///< all zero: `mac` is meant
  net::MacAddress mac{};

  bool operator==(const RouterPin&) const = default;
};

struct LinkConfig {
  static constexpr std::size_t kMaxRouters = 16;
  static constexpr std::size_t kMaxShown = 64;    ///< bytes of a bad value that an error shows
  static constexpr std::uint16_t kMinMtu = 1280;  ///< RFC 8200, section 5
  static constexpr std::uint16_t kMaxMtu = 9702;  ///< what NICs do with jumbo frames

  std::string name;
  std::string access;           ///< DPDK port name or PCI address
  std::string uplink;           ///< the same
  bool pass_reserved = true;    ///< `reserved = "pass"`: STP, LACP and LLDP
  bool multicast_all = false;   ///< `multicast = "all"`
  std::uint16_t mtu = 0;        ///< bytes of IP; 0: as the ports have it
  bool follow_carrier = false;  ///< `carrier = "follow"`
  bool offloads = true;         ///< `offloads = "auto"`
  std::vector<RouterPin> routers;

  bool operator==(const LinkConfig&) const = default;
};

struct SessionsConfig {
  static constexpr std::uint32_t kMaxCapacity = 16'777'216;
  static constexpr std::uint32_t kMaxTtl_s = 3'153'600'000;  ///< 100 years of 365 days

  std::uint32_t capacity = 1'048'576;
  KeyKind key = KeyKind::kMac;
  std::uint32_t default_ttl_s = 86'400;
  std::uint32_t default_idle_s = 0;
  bool quota_removes = false;                          ///< `on_quota = "remove"`
  std::string store = "/var/lib/gate511/sessions.db";  ///< empty: in memory alone
  bool store_may_fail = false;                         ///< `on_store_failure = "memory"`
  std::uint32_t keep_ends_days = 30;                   ///< for consumers that do not acknowledge
  static constexpr std::uint32_t kMaxKeepEnds_days = 3'650;
  /// Where `store` is a server that gateways share:
  std::string copy = "/var/lib/gate511/copy.db";  ///< this gateway's copy of it, a file
  std::uint8_t gateway = 0;                       ///< its number; 0: not given
  std::string store_prefix = "gate511:";          ///< of all keys there
  std::string store_ca;                           ///< PEM; empty: those that the system trusts

  [[nodiscard]] bool is_shared() const {
    // One that was not written well is no file either, as a password may be in it.
    return store.find("://") != std::string::npos || store.starts_with("redis:") ||
           store.starts_with("rediss:") || store.starts_with("redis+sentinel:") ||
           store.starts_with("rediss+sentinel:");
  }
  /// That of this machine.
  [[nodiscard]] const std::string& file() const { return is_shared() ? copy : store; }

  [[nodiscard]] SessionDefaults defaults() const {
    return {default_ttl_s, default_idle_s, quota_removes};
  }
  bool operator==(const SessionsConfig&) const = default;
};

struct PortalConfig {
  std::string url;
  std::string host;                       ///< of `url`, without brackets
  std::optional<net::IpAddress> address;  ///< where `host` is an address
  std::string secret_file;
  /// What clients are told of the portal's API (RFC 8910): a URL, or kUnrestricted. Empty: nothing.
  std::string api_url;
  std::string api_host;  ///< of `api_url`, without brackets; empty where it has none

  /// RFC 8910, 2: this network has no captive portal.
  static constexpr std::string_view kUnrestricted = "urn:ietf:params:capport:unrestricted";

  bool operator==(const PortalConfig&) const = default;
};

struct ResponseConfig {
  static constexpr std::size_t kMaxPorts = 16;

  std::vector<std::uint16_t> http_ports{80};
  std::string network_name = "this network";
  policy::HttpsPolicy https = policy::HttpsPolicy::kReset;
  bool redirect_probes = true;  ///< `mode = "auto"`
  /// Rules as `NAME HOST PATH [USER-AGENT]`; `default` stands for those that are built in.
  std::vector<std::string> probes{std::string{kDefaultProbes}};
  http::Language language = http::Language::kEnglish;
  /// By language; empty: the page's own.
  std::array<std::string, http::kLanguageCount> sentences{};

  static constexpr std::string_view kDefaultProbes = "default";

  bool operator==(const ResponseConfig&) const = default;
};

struct GuestConfig {
  static constexpr std::uint32_t kMaxTableCapacity = 1'048'576;

  std::vector<net::IpAddress> resolvers;
  bool any_resolver = false;  ///< `resolvers = ["any"]`
  std::vector<net::IpAddress> ntp;
  std::uint8_t dns_name_bytes = policy::DnsRules{}.name_bytes;
  bool drop_dns_https = false;  ///< `dns_https = "drop"`
  policy::BudgetRates budget;
  std::uint32_t table_capacity = 65'536;  ///< clients seen that are remembered, sessions' too
  std::uint32_t forget_after_s = 86'400;  ///< of those that are not heard of
  static constexpr std::uint32_t kMaxForgetAfter_s = 31'536'000;

  bool operator==(const GuestConfig&) const = default;
};

struct GardenConfig {
  policy::GardenSet cidrs;
  std::vector<std::string> host_names;     ///< of the configuration and of its file
  std::vector<std::string> host_patterns;  ///< of the configuration: `/.../`
  std::string hosts_file;
  std::shared_ptr<const http::HostSet> hosts;  ///< made of `host_names`; null: none

  bool operator==(const GardenConfig& other) const {
    return cidrs == other.cidrs && host_names == other.host_names &&
           host_patterns == other.host_patterns && hosts_file == other.hosts_file;
  }
};

inline constexpr std::string_view kDefaultZone = "default";

/// Some VLANs of a link. What the file does not set is the default zone's.
struct ZoneConfig {
  static constexpr std::size_t kMaxName = 64;  ///< bytes

  std::string name;
  std::string link;
  std::vector<std::uint16_t> vlans;  ///< in order; 0: untagged
  policy::Enforce enforce = policy::Enforce::kOn;
  PortalConfig portal;
  ResponseConfig response;
  GuestConfig guest;
  GardenConfig garden;

  bool operator==(const ZoneConfig&) const = default;
};

struct ControlConfig {
  static constexpr std::size_t kMaxSocketPath = 107;  ///< sockaddr_un::sun_path and its NUL

  std::string socket = "/run/gate511/control.sock";
  std::string status_socket = "/run/gate511/status.sock";  ///< empty: none
  std::string group = "gate511";  ///< empty: the socket's group is left alone
  std::string audit_log;          ///< empty: none
  std::string tls_listen;         ///< address and port; empty: no TLS
  std::string tls_cert;
  std::string tls_key;
  std::string tls_ca;
  std::map<std::string, Access, std::less<>> tls_clients;  ///< rights by certificate name

  bool operator==(const ControlConfig&) const = default;
};

struct MetricsConfig {
  std::string listen = "127.0.0.1:9511";  ///< address and port, for Prometheus; empty: none

  bool operator==(const MetricsConfig&) const = default;
};

/// Who the daemon is once it has started as root.
struct PrivilegesConfig {
  std::string user = "gate511";  ///< empty: root, with all that root may
  bool is_given = false;         ///< else it need not be there: root stays, and is told of

  bool operator==(const PrivilegesConfig& other) const { return user == other.user; }
};

/// What is kept of the garden over a restart.
struct GardenState {
  std::string state = "/var/lib/gate511/garden.jsonl";  ///< empty: nothing

  bool operator==(const GardenState&) const = default;
};

/// Who had which address when, for those whom the law asks it of.
struct RecordsConfig {
  static constexpr std::uint32_t kMaxRetention_days = 3'650;

  std::string file;                  ///< empty: nothing is kept
  std::uint32_t retention_days = 0;  ///< what is over for longer is taken away; 0: not given

  bool operator==(const RecordsConfig&) const = default;
};

/// Watching frames. What it shows is the traffic of people: all of it is off unless it is wanted.
struct CaptureConfig {
  bool enabled = false;  ///< `gate511ctl capture`
  bool dumpcap = false;  ///< DPDK's dpdk-dumpcap

  bool operator==(const CaptureConfig&) const = default;
};

struct Config {
  DpdkConfig dpdk;
  std::vector<LinkConfig> links;  ///< at least one
  SessionsConfig sessions;
  PortalConfig portal;
  ResponseConfig response;
  GuestConfig guest;
  GardenConfig garden;
  GardenState garden_state;
  ControlConfig control;
  MetricsConfig metrics;
  RecordsConfig records;
  CaptureConfig capture;
  logging::Options log;
  PrivilegesConfig privileges;
  policy::Enforce enforce = policy::Enforce::kOn;  ///< of the default zone
  std::vector<ZoneConfig> zones;                   ///< without the default zone

  std::string source;                ///< file name
  std::map<std::string, int> lines;  ///< line of each key that is set: `link[0].access`

  /// `FILE:LINE` of a key, or `FILE` where it is not set: for errors found later, such as a port
  /// that does not exist.
  [[nodiscard]] std::string where(const std::string& key) const;
};

/// Reads a file, and checks too that the secret can be used.
[[nodiscard]] tl::expected<Config, Error> load_config(const std::string& path);
/// Reads text; touches no file. `source_name` stands in errors.
[[nodiscard]] tl::expected<Config, Error> parse_config(std::string_view text,
                                                       std::string_view source_name);

/// What is allowed but probably not meant.
[[nodiscard]] std::vector<Error> warnings(const Config& config);

/// The bytes of `portal.secret_file`.
[[nodiscard]] tl::expected<std::string, Error> load_secret(const Config& config);

}  // namespace gate511::control
