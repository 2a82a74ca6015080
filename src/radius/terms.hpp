// SPDX-License-Identifier: BSD-3-Clause
//
// What an Access-Accept, or a CoA-Request, says of a session.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "radius/wire/packet.hpp"

namespace gate511::radius {

/// nullopt, or empty: it says nothing of it.
struct Terms {
  /// Of `interim_s`: ten years, which is none.
  static constexpr std::uint64_t kNoInterims = 315'360'000;
  std::optional<std::uint64_t> ttl_s;
  std::optional<std::uint64_t> idle_s;
  std::optional<std::uint64_t> rate_up_bps;
  std::optional<std::uint64_t> rate_down_bps;
  std::optional<std::uint64_t> quota_bytes;
  std::optional<std::uint64_t> interim_s;
  bool grants_nothing = false;  ///< no time, or no volume: nobody is let in for that
  std::string user;             ///< as it came
  std::string classes;          ///< attributes Class as they came, to be sent with accounting

  [[nodiscard]] static Terms of(const Packet& packet);
  /// As parameters of `session.add`; what is not said is left out.
  [[nodiscard]] nlohmann::json json() const;
};

/// As the gateway takes a name: UTF-8, 64 bytes at most, without control characters. What is not is
/// `?`.
[[nodiscard]] std::string plain_name(std::string_view text);

}  // namespace gate511::radius
