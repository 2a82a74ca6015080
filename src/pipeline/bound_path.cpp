// SPDX-License-Identifier: BSD-3-Clause
//
// The walk of a frame whose session is bound to its addresses. With another address it is a
// guest's. ARP, neighbour discovery and DHCP, which come before there is an address, pass as they
// do for guests.
#include "pipeline/pipeline.hpp"

namespace gate511::pipeline {
namespace {

using net::ByteView;
using net::Ethernet;
using net::IpAddress;
using policy::Verdict;

/// RFC 3927: what a host takes by itself, until it is given an address.
bool is_self_given(const IpAddress& address) noexcept {
  return address.is_v4() && address.v4_value() >> 16 == 0xa9fe;
}

/// What the frame says of its client's address; all zero if that is none that it can be held to.
/// Reads no further than the first header behind Ethernet's, as a session's frame is not parsed.
IpAddress address_of_client(ByteView frame, const Ethernet& ethernet,
                            Direction direction) noexcept {
  const std::size_t at = ethernet.l3_offset;
  const bool up = direction == Direction::kFromAccess;
  const std::size_t behind = frame.size() - at;
  IpAddress address;
  switch (ethernet.type) {
    case net::ethertype::kIpv4:
      if (behind < 20 || net::load_u8(frame, at) >> 4 != 4) return {};
      address = IpAddress::v4(net::load_be32(frame, at + (up ? 12 : 16)));
      break;
    case net::ethertype::kIpv6:
      if (behind < 40 || net::load_u8(frame, at) >> 4 != 6) return {};
      address = IpAddress::load_v6(frame, at + (up ? 8 : 24));
      // Among them are those that stand for IPv4's here: from the wire they are nobody's.
      if (address.high == 0) return {};
      break;
    case net::ethertype::kArp:  // RFC 826, for IPv4 over Ethernet: sender's and target's address
      if (behind < 28) return {};
      address = IpAddress::v4(net::load_be32(frame, at + (up ? 14 : 24)));
      break;
    default:
      return {};
  }
  return address.is_unicast_host() && !is_self_given(address) ? address : IpAddress{};
}

bool is_exempt(Verdict verdict) noexcept {
  return verdict == Verdict::kArp || verdict == Verdict::kNeighbour || verdict == Verdict::kMld ||
         verdict == Verdict::kDhcp;
}

}  // namespace

/// Before the server's word goes on, so that no client races its own lease.
void Pipeline::note_lease(const Burst& burst, const Sighting& seen) noexcept {
  if (!seen.address.is_v4()) return;
  const table::Hit hit = shared_.table->look_up(
      table::Key{seen.client, (*burst.key_numbers)[seen.vlan].load(std::memory_order_relaxed)});
  if (!hit.found() || !table::is_bound(hit.state)) return;
  shared_.bindings[hit.index].load(std::memory_order_acquire)->lease(seen.address.v4_value());
}

Verdict Pipeline::judge_bound(Burst& burst, std::size_t i, Now now) noexcept {
  const Ethernet& ethernet = burst.ethernet[i];
  table::Binding& binding =
      *shared_.bindings[burst.session[i].index].load(std::memory_order_acquire);
  const IpAddress address = address_of_client(burst.frame[i], ethernet, burst.direction);
  const bool is_told = address != IpAddress{};
  if (burst.direction == Direction::kFromUplink) {
    return is_told && binding.holds(address) ? judge_session(burst, i, now)
                                             : judge_to_guest(burst, i, now);
  }
  // An ARP packet may test whether a former network is there (RFC 4436): nothing is learnt of it.
  const bool may_learn = ethernet.type != net::ethertype::kArp;
  if (is_told && (may_learn ? binding.take(address) : binding.holds(address)))
    return judge_session(burst, i, now);
  const Verdict verdict = judge_from_guest(burst, i, now);
  if (is_told && !is_exempt(verdict) && burst.zone[i].enforce == policy::Enforce::kOn &&
      binding.may_tell(now.ns)) {
    guarded_.report({.address = address,
                     .client = ethernet.source,
                     .vlan = ethernet.vlan,
                     .link = burst.link,
                     .source = SightingSource::kForeignAddress},
                    now.ns);
  }
  return verdict;
}

}  // namespace gate511::pipeline
