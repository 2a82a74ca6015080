// SPDX-License-Identifier: BSD-3-Clause
#include "policy/garden_queries.hpp"

#include <array>

namespace gate511::policy {

std::uint64_t GardenQueries::fingerprint(net::MacAddress guest, const Flow& flow,
                                         const net::DnsQuestion& question) const noexcept {
  std::array<std::byte, 48 + net::DnsName::kMaxText> bytes{};
  flow.guest.store_v6(bytes, 0);
  flow.resolver.store_v6(bytes, 16);
  net::store_be48(bytes, 32, guest.value());
  net::store_be(bytes, 38, flow.guest_port);
  net::store_be(bytes, 40, question.header.id);
  net::store_be(bytes, 42, question.type);
  bytes[44] = std::byte{flow.protocol};
  const net::ByteView name = net::as_bytes(question.name.text());
  net::store_bytes(bytes, 48, name);
  return net::siphash24(key_, net::ByteView{bytes}.first(48 + name.size())) | 1;  // 0: free
}

void GardenQueries::asked(net::MacAddress guest, const net::Packet& p,
                          const net::DnsQuestion& question, std::uint64_t now_ns) noexcept {
  const std::uint64_t print =
      fingerprint(guest, {p.source, p.destination, p.source_port, p.protocol}, question);
  places_[print >> 52] = {print, now_ns + kPatience_ns};
}

bool GardenQueries::answers(net::MacAddress guest, const net::Packet& p,
                            const net::DnsQuestion& question, std::uint64_t now_ns) noexcept {
  const std::uint64_t print =
      fingerprint(guest, {p.destination, p.source, p.destination_port, p.protocol}, question);
  Place& place = places_[print >> 52];
  if (place.fingerprint != print || place.until_ns < now_ns) return false;
  place = {};
  return true;
}

}  // namespace gate511::policy
