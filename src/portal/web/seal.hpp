// SPDX-License-Identifier: BSD-3-Clause
//
// Texts that the portal gives away and must know again as its own: tickets of forms, cookies.
// Signed, not hidden.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gate511::portal {

/// Immutable; any number of threads may use one at once.
class Seal {
 public:
  /// `secrets`: the first signs, any of them verifies. A key of its own is derived from each.
  explicit Seal(const std::vector<std::string>& secrets);

  /// `TEXT.SIGNATURE`, both base64url. What was sealed for one purpose opens for no other.
  [[nodiscard]] std::string seal(std::string_view purpose, std::string_view text) const;
  /// The text, compared in constant time.
  [[nodiscard]] std::optional<std::string> open(std::string_view purpose,
                                                std::string_view sealed) const;

 private:
  std::vector<std::string> keys_;
};

/// HMAC-SHA256 (RFC 2104), 32 bytes.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view message);
/// From the system's generator. Throws std::runtime_error where that fails.
[[nodiscard]] std::string random_bytes(std::size_t count);

}  // namespace gate511::portal
