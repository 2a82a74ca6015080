// SPDX-License-Identifier: BSD-3-Clause
//
// What is read from the first bytes of a request: as much as the answer depends on, and not more.
// The bytes are hostile; what is not plainly as RFC 9112 has it is left out, never guessed. Nothing
// behind the first segment is needed: a request that is cut short is read as far as it goes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/bytes.hpp"

namespace gate511::http {

struct Request {
  enum class Kind : std::uint8_t {
    kOther,  ///< any other method, or no HTTP at all
    kGet,
    kHead,
    kH2,         ///< HTTP/2: a request of stream 1, or SETTINGS, which it follows
    kH2Head,     ///< HTTP/2: a request whose method is HEAD
    kH2Preface,  ///< HTTP/2's preface, or what there is of it, alone
  };
  Kind kind = Kind::kOther;
  std::string_view target;      ///< origin-form, starting with `/`; empty if it was not read
  std::string_view host;        ///< LDH host name or address, without port; empty if not read
  std::string_view port;        ///< digits behind the host, without colon; may be empty
  std::string_view user_agent;  ///< the fields' values as they came, of one line each
  std::string_view accept;
  std::string_view accept_language;

  [[nodiscard]] bool is_head() const noexcept { return kind == Kind::kHead; }
  /// The target without its query.
  [[nodiscard]] std::string_view path() const noexcept {
    return target.substr(0, std::min(target.find('?'), target.find('#')));
  }
};

/// Reads the start of a request: its request line and, in whole lines only, the fields above. Views
/// point into `bytes`, of which the first 2,048 are looked at.
[[nodiscard]] Request scan_request(net::ByteView bytes) noexcept;

/// A percent-encoded URL in a buffer of its own.
struct ReturnUrl {
  static constexpr std::size_t kMax = 160;
  std::array<char, kMax + 4> text;  ///< with room for what is written at once
  std::size_t size = 0;             ///< 0: none

  [[nodiscard]] std::string_view view() const noexcept { return {text.data(), size}; }
};

/// Where the client wanted to go, `http://HOST[:PORT]TARGET`, with every octet but RFC 3986's
/// unreserved ones percent-encoded. Empty if the host is not known, or if it would be over kMax.
[[nodiscard]] ReturnUrl return_url(const Request& request) noexcept;

}  // namespace gate511::http
