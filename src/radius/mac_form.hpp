// SPDX-License-Identifier: BSD-3-Clause
//
// MAC addresses as servers want them written (RFC 3580, 3.20 has them in capitals with dashes), and
// read in any of these ways.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gate511::radius {

enum class MacForm : std::uint8_t {
  kUpperDashes,
  kLowerDashes,
  kUpperColons,
  kLowerColons,
  kUpperPlain,
  kLowerPlain,
};
inline constexpr std::array<std::string_view, 6> kMacForms{"AA-BB-CC-DD-EE-FF", "aa-bb-cc-dd-ee-ff",
                                                           "AA:BB:CC:DD:EE:FF", "aa:bb:cc:dd:ee:ff",
                                                           "AABBCCDDEEFF",      "aabbccddeeff"};

/// `mac`: as the gateway writes it, `02:00:5e:00:53:01`.
[[nodiscard]] std::string written(std::string_view mac, MacForm form);
/// As the gateway writes it. nullopt: it is none.
[[nodiscard]] std::optional<std::string> read_mac(std::string_view text);

}  // namespace gate511::radius
