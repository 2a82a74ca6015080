// SPDX-License-Identifier: BSD-3-Clause
//
// As much of HTTP/2 (RFC 9113) as a canned answer needs: which frames of a client are here, and how
// our own are written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/request.hpp"

namespace gate511::http::h2 {

/// RFC 9113, 3.4.
inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum class Type : std::uint8_t { kData = 0, kHeaders = 1, kSettings = 4, kGoAway = 7 };
inline constexpr std::uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8;
inline constexpr std::size_t kFrameHeader = 9;  ///< bytes

/// What of HTTP/2 `text` begins with: the preface alone, or with SETTINGS behind it, as which many
/// clients send it before their request; or that request, HEADERS of stream 1, in a segment of its
/// own. kH2, kH2Head or kH2Preface; kOther: none of it.
[[nodiscard]] Request::Kind scan(std::string_view text) noexcept;

/// A frame's header (RFC 9113, 4.1). `length`: of the payload, below 2^24.
[[nodiscard]] std::string frame_header(Type type, std::uint8_t flags, std::uint32_t stream,
                                       std::size_t length);

/// A field of a header block (RFC 7541, 6.2.2), neither indexed nor compressed. `name_index`: of
/// the static table; 0: `name` is written out. Names and values are of at most 126 octets.
[[nodiscard]] std::string field(std::uint8_t name_index, std::string_view name,
                                std::string_view value);

}  // namespace gate511::http::h2
