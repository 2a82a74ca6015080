// SPDX-License-Identifier: BSD-3-Clause
//
// The name that a client asks for in its first bytes: the Host of an HTTP request, the server name
// of a TLS ClientHello. Hostile bytes, which may not all be there yet.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/bytes.hpp"

namespace gate511::http {

struct FirstName {
  enum class Found : std::uint8_t {
    kMore,  ///< so far it is right; more bytes are needed
    kName,
    kNone,  ///< not that protocol, damaged, without a name or with several
  };
  static constexpr std::size_t kMaxName = 255;

  Found found = Found::kNone;
  std::uint8_t size = 0;
  std::array<char, kMaxName> text{};
  // Of an HTTP request: of its head with the empty line, and of the body that follows.
  std::size_t head_bytes = 0;
  std::uint64_t body_bytes = 0;

  [[nodiscard]] std::string_view name() const noexcept { return {text.data(), size}; }
};

/// The one Host field of a request's whole head, without its port (RFC 9112, 3.2). Only for a
/// target in origin-form: any other would name a host of its own. Strict: what servers read in more
/// than one way is none (a line end without CR, folded lines, blanks before a colon, HTTP/0.9, a
/// body without Content-Length).
[[nodiscard]] FirstName read_http_host(net::ByteView bytes) noexcept;

/// The one host_name of a ClientHello, which may come in several records (RFC 8446, 4.1.2 and 5.1;
/// RFC 6066, 3).
[[nodiscard]] FirstName read_server_name(net::ByteView bytes) noexcept;

}  // namespace gate511::http
