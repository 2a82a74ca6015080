// SPDX-License-Identifier: BSD-3-Clause
//
// What guests may reach by address: prefixes, each with all ports or with some of TCP and UDP. The
// longest prefix that holds an address decides.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/host_set.hpp"
#include "net/ip.hpp"

namespace gate511::policy {

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;

  bool operator==(const PortRange&) const noexcept = default;
};

/// `192.0.2.0/24`, or `192.0.2.10 80,443,8000-8010`.
struct GardenPrefix {
  static constexpr std::size_t kMaxPorts = 16;  ///< ranges

  net::Cidr range;
  std::vector<PortRange> ports{};  ///< empty: all, and every protocol

  bool operator==(const GardenPrefix&) const = default;
};

/// The ports behind a prefix: `80,443,8000-8010`. nullopt: no such list.
[[nodiscard]] std::optional<std::vector<PortRange>> parse_ports(std::string_view text);
/// As it is written in the configuration; a range that is no prefix as `FIRST-LAST`.
[[nodiscard]] std::string to_string(const GardenPrefix& prefix);

/// It never changes, so that copies share its memory: a hundred zones may have one of 100,000.
class GardenSet {
 public:
  GardenSet() = default;
  explicit GardenSet(std::vector<GardenPrefix> prefixes);

  /// `has_ports`: TCP or UDP with the remote `port`; what has none needs a prefix with all ports.
  [[nodiscard]] bool allows(const net::IpAddress& address, bool has_ports,
                            std::uint16_t port) const noexcept;
  /// Whether any port of it is open.
  [[nodiscard]] bool contains(const net::IpAddress& address) const noexcept {
    return find(address) != nullptr;
  }
  [[nodiscard]] bool empty() const noexcept { return !owned_ || owned_->prefixes.empty(); }
  /// As they were given, in their order of addresses, wider ones first.
  [[nodiscard]] const std::vector<GardenPrefix>& prefixes() const noexcept;
  [[nodiscard]] bool operator==(const GardenSet& other) const noexcept;

 private:
  /// Addresses that one list of ports holds for. These do not overlap.
  struct Span {
    net::IpAddress first, last;
    std::uint32_t ports = 0;  ///< index into `ports`; 0: all
  };
  struct Owned {
    std::vector<GardenPrefix> prefixes;
    std::vector<Span> v4, v6;  ///< apart, since IPv4's addresses lie inside of ::/0
    std::vector<std::vector<PortRange>> ports{{}};
  };
  [[nodiscard]] const Span* find(const net::IpAddress& address) const noexcept;

  std::shared_ptr<const Owned> owned_;
};

/// What was opened to guests at run time.
struct OpenedGarden {
  GardenSet prefixes;
  http::HostSet hosts;
};

}  // namespace gate511::policy
