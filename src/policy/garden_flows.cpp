// SPDX-License-Identifier: BSD-3-Clause
#include "policy/garden_flows.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

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

int GardenFlows::rank(const Flow& flow) noexcept {
  if (!flow.is_confirmed) return 0;
  return flow.state == State::kApproved ? 2 : 1;
}

GardenFlows::Flow& GardenFlows::begin(std::uint64_t who, std::uint64_t now_ns) noexcept {
  const std::size_t at = who >> 32 & mask_;
  Set& set = sets_[at];
  Flow* const flows = &flows_[at * kWays];
  const auto worth = [&](std::size_t way) {
    return set.who[way] == 0 ? std::pair{-1, std::uint64_t{0}}
                             : std::pair{rank(flows[way]), set.last_ns[way]};
  };
  std::size_t least = 0;
  for (std::size_t way = 1; way < kWays; ++way) {
    if (worth(way) < worth(least)) least = way;
  }
  set.who[least] = who;
  set.last_ns[least] = now_ns;
  flows[least].is_confirmed = false;
  flows[least].was_confirmed = false;
  return flows[least];
}

GardenFlows::Judged GardenFlows::read_hello(Flow& flow, const GardenHosts& hosts) noexcept {
  const http::FirstName name = http::read_server_name(ByteView{flow.bytes}.first(flow.size));
  if (name.found == http::FirstName::Found::kMore) return {};
  if (name.found == http::FirstName::Found::kNone || !hosts.contain(name.name())) {
    flow.state = State::kRefused;
    return {Verdict::kGardenRefused};
  }
  flow.state = State::kApproved;
  return {Verdict::kGardenHost, true};
}

/// All the requests that are whole. One with a body is the last: what follows is not looked at, and
/// so must not be more than the body.
GardenFlows::Judged GardenFlows::read_requests(Flow& flow, const GardenHosts& hosts) noexcept {
  Judged judged;
  while (flow.head < flow.size && flow.body_end == 0) {
    const http::FirstName name =
        http::read_http_host(ByteView{flow.bytes}.first(flow.size).subspan(flow.head));
    if (name.found == http::FirstName::Found::kMore) return judged;
    if (name.found == http::FirstName::Found::kNone || !hosts.contain(name.name())) {
      flow.state = State::kRefused;
      return {Verdict::kGardenRefused};
    }
    flow.state = State::kApproved;
    judged.approved = true;
    flow.head = static_cast<std::uint16_t>(flow.head + name.head_bytes);
    if (name.body_bytes != 0)
      flow.body_end = flow.head + static_cast<std::uint32_t>(name.body_bytes);
  }
  if (flow.body_end != 0 && flow.size > flow.body_end) {
    flow.state = State::kRefused;
    return {Verdict::kGardenRefused};
  }
  return judged;
}

GardenFlows::Judged GardenFlows::take(Flow& flow, ByteView data, std::uint32_t sequence,
                                      const GardenHosts& hosts) noexcept {
  if (flow.state == State::kRefused) return {Verdict::kGardenRefused};
  const std::uint32_t at = sequence - flow.first;  // modulo 2^32; before the first byte it is huge
  const bool is_open = flow.is_tls ? flow.state == State::kApproved : flow.body_end != 0;
  if (at > flow.size) {
    // Behind a hole, or before the first byte.
    if (!is_open || at >= ~std::uint32_t{0} - kPast) return {Verdict::kGardenSegment};
    if (flow.is_tls || at + data.size() <= flow.body_end) return {};
    return {Verdict::kGardenRefused};
  }
  // What is sent once more must be what was judged.
  const std::size_t known = std::min<std::size_t>(flow.size - at, data.size());
  if (!std::equal(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(known),
                  flow.bytes.begin() + at))
    return {Verdict::kGardenSegment};
  const ByteView fresh = data.subspan(known);
  if (fresh.empty()) return {};
  if (is_open && (flow.is_tls || at + data.size() <= flow.body_end)) return {};
  if (is_open || flow.size + fresh.size() > kFirstBytes) return {Verdict::kGardenRefused};
  std::copy(fresh.begin(), fresh.end(), flow.bytes.begin() + flow.size);
  flow.size = static_cast<std::uint16_t>(flow.size + fresh.size());
  return flow.is_tls ? read_hello(flow, hosts) : read_requests(flow, hosts);
}

/// What was judged of an earlier connection of these ends is forgotten.
void GardenFlows::open(Flow& flow, const Packet& syn) noexcept {
  flow.was_confirmed |= flow.is_confirmed;
  flow.is_confirmed = false;
  flow.state = State::kAwaiting;
  flow.is_tls = syn.destination_port == 443;
  flow.size = flow.head = 0;
  flow.body_end = 0;
  flow.first = syn.sequence + 1;
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
    Flow* const known = find(who, now_ns);
    Flow& flow = known != nullptr ? *known : begin(who, now_ns);
    // The same SYN again changes nothing, for the server neither.
    const bool is_again = flow.is_confirmed && flow.first == p.sequence + 1;
    if (!is_again) open(flow, p);
    return {};
  }
  Flow* const flow = find(who, now_ns);
  if (flow == nullptr) return {Verdict::kGardenRefused};
  if (data.empty()) return {};
  // Urgent bytes (RFC 9293, 3.8.5) are taken out of the stream by some servers, and not by others.
  if (!flow->is_confirmed || (p.tcp_flags & flag::kUrg) != 0 || !checksum_is_right(frame, p))
    return {Verdict::kGardenSegment};
  return take(*flow, data, p.sequence, hosts);
}

bool GardenFlows::knows(net::MacAddress guest, const Packet& p, std::uint64_t now_ns) noexcept {
  Flow* const flow =
      find(fingerprint(guest, p.destination, p.source, p.destination_port, p.source_port), now_ns);
  if (flow == nullptr) return false;
  if ((p.tcp_flags & flag::kSyn) == 0) return true;
  if ((p.tcp_flags & flag::kAck) == 0 || p.acknowledgement != flow->first) return false;
  if (flow->is_confirmed) return flow->server == p.sequence;
  // Of a connection whose bytes are forgotten, and come late: it opens no other one.
  if (flow->was_confirmed && flow->server == p.sequence) return false;
  flow->is_confirmed = true;
  flow->server = p.sequence;
  return true;
}

}  // namespace gate511::policy
