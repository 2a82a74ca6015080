// SPDX-License-Identifier: BSD-3-Clause
#include "policy/garden_flows.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

#include "http/first_name.hpp"
#include "net/checksum.hpp"

namespace gate511::policy {
namespace {

using net::ByteView;
using net::Packet;
namespace flag = net::tcp_flag;

/// So far behind its first bytes a connection's numbers cannot be of these any more: no window of
/// what was sent reaches back (RFC 7323, 2.3 allows 1 GiB).
constexpr std::uint32_t kPast = std::uint32_t{1} << 30;

bool checksum_is_right(ByteView frame, const Packet& p) noexcept {
  const ByteView segment = frame.subspan(p.l4_offset, std::size_t{p.end} - p.l4_offset);
  return net::fold(net::pseudo_header_sum(p.source, p.destination, p.protocol, segment.size()) +
                   net::sum(segment)) == 0xffff;
}

/// A request of a connection that was approved for another: HTTP/1.1 allows for many hosts in one.
bool names_another(ByteView data, const GardenHosts& hosts) noexcept {
  const http::FirstName name = http::read_http_host(data);
  return name.found == http::FirstName::Found::kName && !hosts.contain(name.name());
}

}  // namespace

GardenFlows::GardenFlows(std::size_t slots, std::uint64_t seed)
    : key_{seed, ~seed},
      sets_(slots / kWays),
      flows_{std::make_unique_for_overwrite<Flow[]>(slots)},
      mask_{slots / kWays - 1} {
  assert(std::has_single_bit(slots) && slots > kWays);
}

std::uint64_t GardenFlows::fingerprint(net::MacAddress guest, const net::IpAddress& from,
                                       const net::IpAddress& to, std::uint16_t from_port,
                                       std::uint16_t to_port) const noexcept {
  std::array<std::byte, 42> bytes{};
  from.store_v6(bytes, 0);
  to.store_v6(bytes, 16);
  net::store_be48(bytes, 32, guest.value());
  net::store_be(bytes, 38, from_port);
  net::store_be(bytes, 40, to_port);
  return net::siphash24(key_, bytes) | 1;
}

GardenFlows::Flow* GardenFlows::find(std::uint64_t who, std::uint64_t now_ns) noexcept {
  const std::size_t at = who >> 32 & mask_;
  Set& set = sets_[at];
  for (std::size_t way = 0; way < kWays; ++way) {
    if (set.who[way] != who) continue;
    set.last_ns[way] = now_ns;
    return &flows_[at * kWays + way];
  }
  return nullptr;
}

GardenFlows::Flow& GardenFlows::begin(std::uint64_t who, std::uint64_t now_ns) noexcept {
  const std::size_t at = who >> 32 & mask_;
  Set& set = sets_[at];
  std::size_t way = 0;
  for (std::size_t i = 0; i < kWays; ++i) {
    if (set.who[i] == who) {
      way = i;
      break;
    }
    if (set.last_ns[i] < set.last_ns[way]) way = i;
  }
  set.who[way] = who;
  set.last_ns[way] = now_ns;
  return flows_[at * kWays + way];
}

GardenFlows::Judged GardenFlows::take(Flow& flow, ByteView data, std::uint32_t sequence,
                                      const GardenHosts& hosts) noexcept {
  const std::uint32_t at = sequence - flow.first;  // modulo 2^32; before the first byte it is huge
  if (at > flow.size) {
    // Behind a hole, or before the first byte.
    if (flow.state == State::kAwaiting || at >= ~std::uint32_t{0} - kPast)
      return {Verdict::kGardenSegment};
    if (!flow.is_tls && names_another(data, hosts)) return {Verdict::kGardenRefused};
    return {};
  }
  // What is sent once more must be what was judged.
  const std::size_t known = std::min<std::size_t>(flow.size - at, data.size());
  if (!std::equal(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(known),
                  flow.bytes.begin() + at))
    return {Verdict::kGardenSegment};
  const ByteView fresh = data.subspan(known);
  if (fresh.empty()) return {};
  if (flow.state == State::kApproved) {
    if (!flow.is_tls && names_another(fresh, hosts)) return {Verdict::kGardenRefused};
    return {};
  }
  if (flow.size + fresh.size() > kFirstBytes) return {Verdict::kGardenRefused};
  std::copy(fresh.begin(), fresh.end(), flow.bytes.begin() + flow.size);
  flow.size = static_cast<std::uint16_t>(flow.size + fresh.size());
  const ByteView first = ByteView{flow.bytes}.first(flow.size);
  const http::FirstName name =
      flow.is_tls ? http::read_server_name(first) : http::read_http_host(first);
  switch (name.found) {
    case http::FirstName::Found::kMore:
      return {};
    case http::FirstName::Found::kName:
      if (!hosts.contain(name.name())) break;
      flow.state = State::kApproved;
      return {Verdict::kGardenHost, true};
    case http::FirstName::Found::kNone:
      break;
  }
  // It stays refused: nothing that comes later makes another name of it.
  flow.size = 0;
  flow.first = sequence - 1;
  return {Verdict::kGardenRefused};
}

GardenFlows::Judged GardenFlows::from_guest(ByteView frame, net::MacAddress guest, const Packet& p,
                                            const GardenHosts& hosts,
                                            std::uint64_t now_ns) noexcept {
  const std::uint64_t who =
      fingerprint(guest, p.source, p.destination, p.source_port, p.destination_port);
  const ByteView data = frame.subspan(p.payload_offset, p.payload_size());
  if ((p.tcp_flags & flag::kSyn) != 0) {
    // RFC 7413: a SYN's data would be there before the connection is.
    const bool is_opening = (p.tcp_flags & (flag::kAck | flag::kRst | flag::kFin)) == 0;
    if (!is_opening || !data.empty() || !checksum_is_right(frame, p))
      return {Verdict::kGardenSegment};
    const bool is_new = find(who, now_ns) == nullptr;
    Flow& flow = begin(who, now_ns);
    if (is_new) flow.is_confirmed = false;
    flow.state = State::kAwaiting;
    flow.is_tls = p.destination_port == 443;
    flow.size = 0;
    // The same SYN again, of a connection that goes on.
    const bool is_again = flow.is_confirmed && flow.first == p.sequence + 1;
    flow.is_confirmed = is_again;
    flow.first = p.sequence + 1;
    return {};
  }
  Flow* const flow = find(who, now_ns);
  if (flow == nullptr) return {Verdict::kGardenRefused};
  if (data.empty()) return {};
  if (!flow->is_confirmed || !checksum_is_right(frame, p)) return {Verdict::kGardenSegment};
  return take(*flow, data, p.sequence, hosts);
}

bool GardenFlows::knows(net::MacAddress guest, const Packet& p, std::uint64_t now_ns) noexcept {
  Flow* const flow =
      find(fingerprint(guest, p.destination, p.source, p.destination_port, p.source_port), now_ns);
  if (flow == nullptr) return false;
  if ((p.tcp_flags & flag::kSyn) == 0) return true;
  flow->is_confirmed = (p.tcp_flags & flag::kAck) != 0 && p.acknowledgement == flow->first;
  return flow->is_confirmed;
}

}  // namespace gate511::policy
