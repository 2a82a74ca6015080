// SPDX-License-Identifier: BSD-3-Clause
//
// Where a request ends, and whether it is one that the portal takes at all. What cpp-httplib then
// reads is whole, small, and framed in one way only (RFC 9112, 6.3).
#pragma once

#include <cstddef>
#include <string_view>

namespace gate511::web {

inline constexpr std::size_t kMaxHead = 8192;    ///< bytes of request line and fields
inline constexpr std::size_t kMaxTarget = 2048;  ///< bytes
inline constexpr std::size_t kMaxFields = 64;
inline constexpr std::size_t kMaxBody = 8192;  ///< bytes; a form has a few hundred

struct Framing {
  enum class State {
    kMore,     ///< not all of it is there
    kWhole,    ///< the first `bytes` of the input
    kRefused,  ///< `status` says why; nothing behind it can be read
  };
  State state = State::kMore;
  std::size_t bytes = 0;
  int status = 0;       ///< of HTTP
  bool closes = false;  ///< the client wants no other answer on this connection
};

/// Pure. Takes GET, HEAD and POST of HTTP/1.0 and 1.1 without transfer or content coding.
[[nodiscard]] Framing frame_request(std::string_view input) noexcept;

}  // namespace gate511::web
