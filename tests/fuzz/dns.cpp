// SPDX-License-Identifier: BSD-3-Clause
//
// DNS messages: questions, queries and answers. Besides the sanitizers' findings it holds that
//
// - a name is no longer than 253 characters, and reading it ends within the message;
// - a query that is taken is a question as well, and ends with its message;
// - addresses are of the family that was asked for, bounded, and of whole answers alone.
#include <vector>

#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "net/dns.hpp"

namespace {

using namespace gate511;
using fuzz::require;

void read(net::ByteView message) {
  for (std::size_t at = 0; at < message.size(); ++at) {
    net::DnsName name;
    const auto end = net::read_name(message, at, name);
    require(!end || (*end > at && *end <= message.size()), "a name ends within the message");
    require(name.text().size() <= net::DnsName::kMaxText, "a name has at most 253 characters");
  }
  const auto question = net::read_dns_question(message);
  if (const auto query = net::read_dns_query(message)) {
    require(question.has_value(), "a query has a question");
    require(!query->header.is_response(), "a query is no answer");
    require(query->name_bytes <= 255, "RFC 1035, 2.3.4");
  }
  if (!question) return;
  const net::DnsAddresses found = net::read_dns_addresses(message, *question);
  require(found.count <= net::DnsAddresses::kMax, "addresses are bounded");
  for (const net::IpAddress& address : found)
    require(address.is_v4() == (question->type == net::dns_type::kA), "of the family asked for");
  if (found.count == 0) return;
  require(question->header.is_response() && !question->header.is_truncated(), "of whole answers");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Heap buffers of exactly the size, so that every overrun is seen.
  const std::vector<std::byte> message = fuzz::Input{data, size}.all();
  read(message);
  net::ByteView rest{message};
  while (const auto one = net::first_tcp_message(rest)) {
    read(std::vector<std::byte>(one->begin(), one->end()));
    rest = rest.subspan(2 + one->size());
  }
  return 0;
}
