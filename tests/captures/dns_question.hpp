// SPDX-License-Identifier: BSD-3-Clause
//
// What the oracle lets a guest ask a resolver.
#pragma once

#include "captures/wire.hpp"

namespace gate511::captures {

enum class Stream : std::uint8_t {
  kNone,     ///< UDP
  kOpening,  ///< a TCP SYN
  kOpen      ///< any other segment
};

/// Throws Denied unless `data` is whole queries, as stub resolvers send them, for names of at most
/// `longest_name` octets and of types that carry no load.
void demand_dns_queries(Frame data, Stream stream, std::size_t longest_name);

}  // namespace gate511::captures
