// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/sighting_reporter.hpp"

#include <array>

namespace gate511::pipeline {
namespace {

/// All but the lease: a renewal is news only when the quiet time is over.
std::uint64_t fingerprint(const net::SipKey& key, const Sighting& seen) noexcept {
  std::array<std::byte, 26> bytes{};
  seen.address.store_v6(bytes, 0);
  net::store_be48(bytes, 16, seen.client.value());
  net::store_be(bytes, 22, seen.vlan);
  bytes[24] = std::byte{seen.link};
  bytes[25] = static_cast<std::byte>(seen.source);
  return net::siphash24(key, bytes);
}

}  // namespace

SightingReporter::SightingReporter(std::uint64_t seed)
    : key_{seed, ~seed}, recent_(kRecent), ring_{kRing} {}

void SightingReporter::report(const Sighting& seen, std::uint64_t now_ns) noexcept {
  const std::uint64_t print = fingerprint(key_, seen);
  Recent& recent = recent_[print % kRecent];
  if (recent.fingerprint == print && now_ns < recent.until_ns) return;
  if (!ring_.push(seen)) {
    // Not noted as reported: it is tried again with the client's next frame.
    dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return;
  }
  recent = {print, now_ns + kQuiet_ns};
}

}  // namespace gate511::pipeline
