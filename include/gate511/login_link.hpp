// SPDX-License-Identifier: BSD-3-Clause
//
// For portals: reads the link by which gate511 sends a client to log in,
// `portal.url?t=TOKEN[&u=RETURN]`, and tells whether the gateway has signed it. docs/portal.md says
// how a portal uses it, and does the same in Python and PHP.
//
// The API follows SemVer with libgate511's version: before 1.0 a minor version may change it.
#pragma once

#include <tl/expected.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gate511 {

/// What the gateway says of a client, signed.
struct LoginLink {
  std::uint8_t gateway = 0;  ///< `sessions.gateway` of the one that it is at; 0: it has none
  std::uint8_t zone = 0;     ///< its zone's number at that gateway; 0: the default zone
  std::uint16_t vlan = 0;    ///< its outer VLAN; 0: none
  std::string mac;           ///< `02:00:5e:00:53:01`: what to compare, and to open a session for
  /// IPv4 as ::ffff:a.b.c.d, network order. Not to be compared with the login's: the page may have
  /// come by IPv6 and the login by IPv4.
  std::array<std::byte, 16> address{};
  std::chrono::system_clock::time_point made;
  std::uint32_t nonce = 0;  ///< spent by a completed login, and by nothing else
  std::string return_url;   ///< where the client wanted to go; empty: not known

  /// `192.0.2.101` or `2001:db8::101` (RFC 5952).
  [[nodiscard]] std::string address_text() const;
};

/// Why a link is not to be trusted.
enum class LinkFault {
  kMalformed,  ///< no token, or none of a version that is known
  kForged,     ///< none of the keys has signed it
  kExpired,    ///< signed, but older than the verifier's age: let the client fetch a fresh one
  kNotYet,     ///< signed, but from the future: a clock is wrong
};

/// A short English text.
[[nodiscard]] std::string_view text_of(LinkFault fault);

/// Immutable; any number of threads may use one at once.
class LoginLinkVerifier {
 public:
  static constexpr std::size_t kMinSecret = 32;  ///< bytes
  static constexpr std::chrono::seconds kMaxAge{3600};
  static constexpr std::chrono::seconds kMaxSkew{60};  ///< that clocks may differ by

  /// `secrets`: the bytes of `portal.secret_file`; two while one is being changed. Any of them may
  /// have signed. Throws std::invalid_argument where there is none, or one is too short.
  explicit LoginLinkVerifier(std::vector<std::string> secrets,
                             std::chrono::seconds max_age = kMaxAge);

  /// `token` and `return_url` as they stand in the query behind `t=` and `u=`, not decoded; an
  /// empty `return_url` where there is none. Compares in constant time.
  [[nodiscard]] tl::expected<LoginLink, LinkFault> verify(
      std::string_view token, std::string_view return_url,
      std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) const;

  /// The same for a whole query, `t=TOKEN[&u=RETURN]`, or a URL with it; other parameters are not
  /// looked at, and of one that is there twice neither is taken.
  [[nodiscard]] tl::expected<LoginLink, LinkFault> verify_query(
      std::string_view query,
      std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) const;

 private:
  std::vector<std::string> secrets_;
  std::chrono::seconds max_age_;
};

}  // namespace gate511
