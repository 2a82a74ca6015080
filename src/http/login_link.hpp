// SPDX-License-Identifier: BSD-3-Clause
//
// The token of the login link: who asks, from where and when, signed so that the portal can trust
// it. Made on the packet path: no allocation, and the key's half of HMAC-SHA256 done beforehand.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "net/ip.hpp"
#include "net/mac.hpp"

namespace gate511::http {

/// A key for HMAC-SHA256 (RFC 2104), as the two hash states after its inner and outer pads.
class LinkKey {
 public:
  static constexpr std::size_t kMinBytes = 32;
  /// The longest message of `sign`.
  static constexpr std::size_t kMaxMessage = 256 - 9;

  explicit LinkKey(std::span<const std::byte> secret);

  [[nodiscard]] bool operator==(const LinkKey& other) const noexcept = default;

  using Digest = std::array<std::byte, 32>;
  /// The HMAC of `head` with `tail` behind it, together of at most kMaxMessage bytes.
  [[nodiscard]] Digest sign(std::span<const std::byte> head,
                            std::span<const std::byte> tail) const noexcept;

 private:
  using State = std::array<std::uint32_t, 8>;  // FIPS 180-4, 6.2: a to h
  State inner_;
  State outer_;
};

/// What a token says. 34 bytes in network order before the 16 of the signature.
struct LoginClaim {
  std::uint8_t zone = 0;  ///< zone number
  std::uint16_t vlan = 0;
  net::MacAddress mac{};
  net::IpAddress address{};
  std::uint32_t unix_s = 0;
  std::uint32_t nonce = 0;
  /// Of several that share a portal; 0: there is one. Takes the place of the nonce's high octet.
  std::uint8_t gateway = 0;
};

inline constexpr std::uint8_t kTokenVersion = 1;
inline constexpr std::uint8_t kTokenVersionOfSeveral = 2;  ///< with the gateway's number
inline constexpr std::size_t kClaimBytes = 34;
inline constexpr std::size_t kSignatureBytes = 16;
/// base64url (RFC 4648, 5) without padding.
inline constexpr std::size_t kTokenChars = ((kClaimBytes + kSignatureBytes) * 8 + 5) / 6;
static_assert(kTokenChars == 67);

using Token = std::array<char, kTokenChars>;

/// Tokens of one claim, each signed with another return URL. `key` outlives it.
class TokenMaker {
 public:
  TokenMaker(const LinkKey& key, const LoginClaim& claim) noexcept;

  /// `return_url`: as it stands behind `&u=`, percent-encoded; empty if there is none.
  [[nodiscard]] Token make(std::string_view return_url) const noexcept;

 private:
  const LinkKey& key_;
  std::array<std::byte, kClaimBytes> claim_;
  Token begin_;  ///< as much of every token as the claim alone makes
};

}  // namespace gate511::http
