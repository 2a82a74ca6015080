// SPDX-License-Identifier: BSD-3-Clause
#include "captures/dns_question.hpp"

namespace gate511::captures {
namespace {

constexpr std::size_t kHeader = 12;

void demand_query(Frame message, std::size_t longest_name) {
  // One question, no answer; opcode 0, no response (RFC 1035, 4.1.1).
  demand((number(message, 2, 2) & 0xf800) == 0, "DNS that is no query");
  demand(number(message, 4, 2) == 1 && number(message, 6, 4) == 0, "DNS with other sections");
  const std::uint64_t additional = number(message, 10, 2);
  demand(additional <= 1, "DNS with more records than EDNS's");
  std::size_t at = kHeader;
  for (std::uint64_t label = 1; label != 0;) {
    label = number(message, at, 1);
    demand(label <= 63, "a DNS label that is none");
    at += 1 + label;
  }
  demand(at - kHeader <= longest_name, "a DNS name that is too long");
  const std::uint64_t type = number(message, at, 2);
  demand(type != 10 && type != 16 && (type < 65'280 || type > 65'534), "a DNS type that is denied");
  demand(number(message, at + 2, 2) == 1, "a DNS class that is denied");
  at += 4;
  if (additional == 1) {
    demand(number(message, at, 3) == 41, "a record that is not EDNS's");
    at += 11 + number(message, at + 9, 2);
  }
  demand(at == message.size(), "bytes behind a DNS query");
}

}  // namespace

void demand_dns_queries(Frame data, Stream stream, std::size_t longest_name) {
  if (stream == Stream::kNone) return demand_query(data, longest_name);
  demand(data.empty() || stream == Stream::kOpen, "a SYN with data");
  while (!data.empty()) {
    const std::uint64_t length = number(data, 0, 2);
    demand(2 + length <= data.size(), "half a DNS message");
    demand_query(data.subspan(2, length), longest_name);
    data = data.subspan(2 + length);
  }
}

}  // namespace gate511::captures
