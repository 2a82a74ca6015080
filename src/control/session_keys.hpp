// SPDX-License-Identifier: BSD-3-Clause
//
// What a session is known by, `sessions.key`: the MAC alone, with its outer VLAN, or with VLAN and
// link. A key of the table has 12 bits beside the MAC, so each pair of link and VLAN that gets a
// session is given a number, which it keeps for as long as the daemon runs.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/mac.hpp"
#include "table/key_numbers.hpp"
#include "table/session_table.hpp"

namespace gate511::control {

enum class KeyKind : std::uint8_t { kMac, kMacVlan, kMacVlanLink };
/// As `sessions.key` has them, by kind.
inline constexpr std::array<std::string_view, 3> kKeyKinds{"mac", "mac+vlan", "mac+vlan+link"};

/// Who a client is: what is no part of the key is 0.
struct ClientKey {
  net::MacAddress mac;
  std::uint16_t vlan = 0;  ///< outer, 0: untagged
  std::uint8_t link = 0;   ///< its place among the links

  constexpr auto operator<=>(const ClientKey&) const noexcept = default;
};

/// Control thread.
class SessionKeys {
 public:
  /// Pairs of link and VLAN that can have had a session since the start.
  static constexpr std::size_t kMaxPairs = 4095;

  SessionKeys(KeyKind kind, std::vector<std::string> links);

  [[nodiscard]] std::string_view kind_name() const {
    return kKeyKinds[static_cast<std::size_t>(kind_)];
  }
  [[nodiscard]] bool has_vlan() const { return kind_ != KeyKind::kMac; }
  [[nodiscard]] bool has_link() const { return kind_ == KeyKind::kMacVlanLink; }
  /// Their names, by place.
  [[nodiscard]] const std::vector<std::string>& links() const { return links_; }
  [[nodiscard]] std::optional<std::uint8_t> link_named(std::string_view name) const;

  /// The client that a frame is of, or to.
  [[nodiscard]] ClientKey client(net::MacAddress mac, std::uint16_t vlan, std::uint8_t link) const {
    return {mac, has_vlan() ? vlan : std::uint16_t{0}, has_link() ? link : std::uint8_t{0}};
  }
  /// The key that its session has; one that no session has where there was none of its pair yet.
  [[nodiscard]] table::Key find(const ClientKey& client) const;
  /// The same, for a session that is to be added. nullopt: all numbers are given.
  [[nodiscard]] std::optional<table::Key> make(const ClientKey& client);
  /// And back.
  [[nodiscard]] ClientKey client_of(table::Key key) const;

  /// For the workers, by link.
  [[nodiscard]] const table::KeyNumbers* numbers(std::size_t link) const;

 private:
  KeyKind kind_;
  std::vector<std::string> links_;
  std::vector<std::unique_ptr<table::KeyNumbers>> numbers_;  ///< a link's, where it is in the key
  std::vector<ClientKey> pairs_;                             ///< by number; without MAC
};

}  // namespace gate511::control
