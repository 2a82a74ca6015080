// SPDX-License-Identifier: BSD-3-Clause
//
// How many bytes each guest has sent that were not yet answered for: an ICMP error, which may be
// longer than what drew it, is sent only out of this credit, so that no guest can draw more bytes
// from the gateway than it sent (no amplification).
//
// A fixed table with eviction: a newcomer takes the place of whoever stood there and starts at
// nothing, so any number of made-up MACs costs no memory.
#pragma once

#include <cstdint>
#include <vector>

#include "net/mac.hpp"

namespace gate511::policy {

/// Used by one worker.
class GuestCredit {
 public:
  static constexpr std::uint32_t kMaxCredit = 16 * 1024;  ///< bytes

  /// `slots`: a power of two. `seed`: secret.
  GuestCredit(std::size_t slots, std::uint64_t seed);

  /// Adds the `bytes` of a frame that this guest sent.
  void earn(net::MacAddress guest, std::uint32_t bytes) noexcept;
  /// Takes `bytes` if there are as many.
  [[nodiscard]] bool spend(net::MacAddress guest, std::uint32_t bytes) noexcept;

 private:
  struct Entry {
    std::uint64_t mac = 0;
    std::uint64_t credit = 0;
  };
  [[nodiscard]] Entry& entry(net::MacAddress guest) noexcept;

  std::vector<Entry> entries_;
  int shift_;
  std::uint64_t seed_;
};

}  // namespace gate511::policy
