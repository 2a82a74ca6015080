// SPDX-License-Identifier: BSD-3-Clause
//
// Where a Redis or Valkey server is: redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], and rediss:// for
// the same by TLS.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>

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

  /// Without user and password: for logs.
  [[nodiscard]] std::string shown() const;
  bool operator==(const Url&) const = default;
};

/// Error: what is wrong with it, in words that hold nothing of its user and password.
[[nodiscard]] tl::expected<Url, std::string> parse_url(std::string_view text);

}  // namespace gate511::control::redis
