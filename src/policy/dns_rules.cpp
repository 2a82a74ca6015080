// SPDX-License-Identifier: BSD-3-Clause
#include "policy/dns_rules.hpp"

#include "net/dns.hpp"

namespace gate511::policy {
namespace {

using net::ByteView;

bool is_denied(std::uint16_t type, const DnsRules& rules) noexcept {
  namespace dns = net::dns_type;
  if (type == dns::kNull || type == dns::kTxt ||
      (type >= dns::kFirstPrivate && type <= dns::kLastPrivate))
    return true;
  return rules.drop_https && (type == dns::kHttps || type == dns::kSvcb);
}

Verdict judge_message(ByteView message, const DnsRules& rules) noexcept {
  const auto query = net::read_dns_query(message);
  if (!query) return Verdict::kDnsMalformed;
  if (query->name_bytes > rules.name_bytes) return Verdict::kDnsLongName;
  return is_denied(query->type, rules) ? Verdict::kDnsType : Verdict::kDns;
}

}  // namespace

Verdict judge_dns_query(ByteView frame, const net::Packet& packet, const DnsRules& rules) noexcept {
  ByteView data = frame.subspan(packet.payload_offset, packet.payload_size());
  if (packet.protocol != net::protocol::kTcp) return judge_message(data, rules);
  // A SYN's data (RFC 7413) would be judged without its connection.
  if (!data.empty() && (packet.tcp_flags & net::tcp_flag::kSyn) != 0) return Verdict::kDnsMalformed;
  while (!data.empty()) {
    const auto message = net::first_tcp_message(data);
    if (!message) return Verdict::kDnsMalformed;
    if (const Verdict verdict = judge_message(*message, rules); verdict != Verdict::kDns)
      return verdict;
    data = data.subspan(2 + message->size());
  }
  return Verdict::kDns;
}

}  // namespace gate511::policy
