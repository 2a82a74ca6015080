// SPDX-License-Identifier: BSD-3-Clause
//
// What a guest may ask a resolver: queries as stub resolvers send them, with names and types that
// carry little else than a question.
#pragma once

#include <cstdint>

#include "net/frame.hpp"
#include "policy/verdict.hpp"

namespace gate511::policy {

struct DnsRules {
  static constexpr std::uint8_t kMaxName = 255;  ///< RFC 1035, 2.3.4

  std::uint8_t name_bytes = 128;  ///< the longest name that passes, as on the wire
  bool drop_https = false;        ///< HTTPS and SVCB records, which may hold keys for ECH
};

/// A guest's packet to port 53 of a resolver that it may ask: kDns, or why it does not pass. Over
/// TCP each segment with data holds whole messages, so that none can be hidden in two.
[[nodiscard]] Verdict judge_dns_query(net::ByteView frame, const net::Packet& packet,
                                      const DnsRules& rules) noexcept;

}  // namespace gate511::policy
