// SPDX-License-Identifier: BSD-3-Clause
//
// Where a Redis or Valkey server is: redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], and rediss:// for
// the same by TLS. Or where sentinels are that know which one it is:
// redis+sentinel://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]...]/MASTER[/DB]. User and password
// are the server's, and the sentinels' where these want some.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gate511::control::redis {

struct Url {
  static constexpr std::uint16_t kPort = 6379;
  static constexpr std::uint32_t kMaxDatabase = 65'535;

  bool is_tls = false;
  std::string user{};      ///< empty: the default one
  std::string password{};  ///< empty: none
  std::string host{};      ///< name or address, without brackets
  std::uint16_t port = kPort;
  std::uint32_t database = 0;
  struct Place {
    std::string host;
    std::uint16_t port;
    bool operator==(const Place&) const = default;
  };
  static constexpr std::uint16_t kSentinelPort = 26'379;
  std::vector<Place> sentinels{};  ///< of which the first is `host` and `port` as well
  std::string master{};            ///< what they call it; empty: `host` is the server

  /// Without user and password: for logs.
  [[nodiscard]] std::string shown() const;
  bool operator==(const Url&) const = default;
};

/// A host that an answer names: a name or an address, without brackets. nullopt: it
/// names none.
[[nodiscard]] std::optional<Url::Place> named_place(std::string_view host,
                                                    std::optional<std::uint64_t> port);

/// Error: what is wrong with it, in words that hold nothing of its user and password.
[[nodiscard]] tl::expected<Url, std::string> parse_url(std::string_view text);

}  // namespace gate511::control::redis
