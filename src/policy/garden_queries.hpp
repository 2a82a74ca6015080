// SPDX-License-Identifier: BSD-3-Clause
//
// Questions for the garden's hosts that guests wait to have answered: an answer is learnt from only
// if this guest asked for it, from these ports, with this number, name and type.
#pragma once

#include <cstdint>
#include <vector>

#include "net/dns.hpp"
#include "net/frame.hpp"
#include "net/siphash.hpp"

namespace gate511::policy {

/// Used by one worker: both directions of a flow are its own. Fixed memory: a newer question
/// displaces an older one, whose answer is then not learnt from.
class GardenQueries {
 public:
  static constexpr std::uint64_t kPatience_ns = 10'000'000'000;

  explicit GardenQueries(std::uint64_t seed) : key_{seed, ~seed}, places_(kPlaces) {}

  /// `packet`: the guest's, to the resolver.
  void asked(net::MacAddress guest, const net::Packet& packet, const net::DnsQuestion& question,
             std::uint64_t now_ns) noexcept;
  /// `packet`: the resolver's, to the guest. True once for each question.
  [[nodiscard]] bool answers(net::MacAddress guest, const net::Packet& packet,
                             const net::DnsQuestion& question, std::uint64_t now_ns) noexcept;

 private:
  static constexpr std::size_t kPlaces = 4096;
  struct Place {
    std::uint64_t fingerprint = 0;
    std::uint64_t until_ns = 0;
  };
  struct Flow {
    const net::IpAddress& guest;
    const net::IpAddress& resolver;
    std::uint16_t guest_port;
    std::uint8_t protocol;
  };
  [[nodiscard]] std::uint64_t fingerprint(net::MacAddress guest, const Flow& flow,
                                          const net::DnsQuestion& question) const noexcept;

  net::SipKey key_;
  std::vector<Place> places_;
};

}  // namespace gate511::policy
