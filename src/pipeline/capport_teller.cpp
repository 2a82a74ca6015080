// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/capport_teller.hpp"

namespace gate511::pipeline {

std::uint64_t fingerprint(const net::SipKey& key, const Announced& told) noexcept {
  std::array<std::byte, 11> bytes{};
  net::store_be48(bytes, 0, told.client.value());
  net::store_be(bytes, 6, told.vlan);
  bytes[8] = std::byte{told.link};
  bytes[9] = static_cast<std::byte>(told.carrier);
  bytes[10] = static_cast<std::byte>(told.outcome);
  return net::siphash24(key, bytes);
}

void CapportTeller::choose(Burst& burst) noexcept {
  for (const std::uint8_t i : burst.shows) {
    const policy::ZoneRef zone = burst.zone[i];
    if (zone.enforce == policy::Enforce::kOn &&
        policy::fate(burst.verdict[i]) == policy::Fate::kForwarded &&
        !burst.snapshot->zone(zone).capport.empty())
      burst.announce.add(i);
  }
}

std::size_t CapportTeller::tell(const Burst& burst, std::size_t i, net::ByteSpan room,
                                Now now) noexcept {
  const net::Ethernet& ethernet = burst.ethernet[i];
  const std::size_t bytes = burst.frame[i].size();
  net::CapportResult done;
  if (!net::insert_capport(burst.frame[i], room, ethernet,
                           burst.snapshot->zone(burst.zone[i]).capport, burst.max_frame_out, done))
    return bytes;
  auto& counter =
      counts_[static_cast<std::size_t>(done.carrier)][static_cast<std::size_t>(done.outcome)];
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  reports_.report({.client = done.client,
                   .vlan = ethernet.vlan,
                   .link = burst.link,
                   .carrier = done.carrier,
                   .outcome = done.outcome},
                  now.ns);
  return done.frame_bytes;
}

CapportCounts CapportTeller::counts() const noexcept {
  CapportCounts counts{};
  for (std::size_t carrier = 0; carrier < counts.size(); ++carrier) {
    for (std::size_t outcome = 0; outcome < counts[carrier].size(); ++outcome)
      counts[carrier][outcome] = counts_[carrier][outcome].load(std::memory_order_relaxed);
  }
  return counts;
}

}  // namespace gate511::pipeline
