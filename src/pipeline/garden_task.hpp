// SPDX-License-Identifier: BSD-3-Clause
//
// What a worker and the garden thread hand to each other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/dns.hpp"

namespace gate511::pipeline {

/// Addresses that the garden thread is to open, and the frame that waits until it has.
struct GardenTask {
  void* frame = nullptr;       ///< the worker's name for it; null: nothing waits
  std::uint64_t since_ns = 0;  ///< when it came in, by the worker's clock
  std::uint32_t until_s = 0;   ///< unix time
  std::uint8_t link = 0;
  std::uint8_t zone = 0;
  std::uint8_t burst_index = 0;  ///< of the frame, until it has a name
  std::uint8_t name_size = 0;    ///< 0: a connection renews the permit
  std::uint8_t count = 0;
  std::array<net::IpAddress, net::DnsAddresses::kMax> address;
  std::array<char, net::DnsName::kMaxText> name;

  [[nodiscard]] std::string_view host() const noexcept { return {name.data(), name_size}; }
};

/// A frame that the garden thread gives back: it may go on.
struct Released {
  void* frame = nullptr;
  std::uint64_t since_ns = 0;
  std::uint8_t link = 0;
  std::uint8_t zone = 0;
};

}  // namespace gate511::pipeline
