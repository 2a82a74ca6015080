// SPDX-License-Identifier: BSD-3-Clause
//
// What is read from the first bytes of a request: as much as the answer depends on, and not more.
// The bytes are hostile; what is not plainly as RFC 9112 has it is left out, never guessed.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "net/bytes.hpp"

namespace gate511::http {

struct Request {
  bool is_head = false;     ///< the method is HEAD
  std::string_view target;  ///< origin-form, starting with `/`; empty if it was not read
  std::string_view host;    ///< LDH host name or address, without port; empty if it was not read
  std::string_view port;    ///< digits behind the host, without colon; may be empty
};

/// Reads the start of a request: its request line and, in whole lines only, its Host field. Views
/// point into `bytes`.
[[nodiscard]] Request scan_request(net::ByteView bytes) noexcept;

/// A percent-encoded URL in a buffer of its own.
struct ReturnUrl {
  static constexpr std::size_t kMax = 160;
  std::array<char, kMax> text;
  std::size_t size = 0;  ///< 0: none

  [[nodiscard]] std::string_view view() const noexcept { return {text.data(), size}; }
};

/// Where the client wanted to go, `http://HOST[:PORT]TARGET`, with every octet but RFC 3986's
/// unreserved ones percent-encoded. Empty if the host is not known, or if it would be over kMax.
[[nodiscard]] ReturnUrl return_url(const Request& request) noexcept;

}  // namespace gate511::http
