// SPDX-License-Identifier: BSD-3-Clause
#include "control/session_keys.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace gate511::control {

SessionKeys::SessionKeys(KeyKind kind, std::vector<std::string> links)
    : kind_{kind}, links_{std::move(links)} {
  if (kind == KeyKind::kMac) return;
  // By VLAN alone one array does for all links.
  const std::size_t arrays = has_link() ? links_.size() : 1;
  for (std::size_t i = 0; i < arrays; ++i)
    numbers_.push_back(std::make_unique<table::KeyNumbers>());
  if (has_link()) {
    pairs_.emplace_back();  // 0 is no pair's: a frame of one without sessions has a key like that
  } else {
    table::number_by_vlan(*numbers_[0]);
  }
}

std::optional<std::uint8_t> SessionKeys::link_named(std::string_view name) const {
  const auto found = std::find(links_.begin(), links_.end(), name);
  if (found == links_.end()) return std::nullopt;
  return static_cast<std::uint8_t>(found - links_.begin());
}

table::Key SessionKeys::find(const ClientKey& client) const {
  if (!has_link()) return {client.mac, client.vlan};
  return {client.mac, (*numbers_[client.link])[client.vlan].load(std::memory_order_relaxed)};
}

std::optional<table::Key> SessionKeys::make(const ClientKey& client) {
  const table::Key known = find(client);
  if (!has_link() || known.number() != 0) return known;
  if (pairs_.size() > kMaxPairs) return std::nullopt;
  const auto number = static_cast<std::uint16_t>(pairs_.size());
  pairs_.push_back({{}, client.vlan, client.link});
  (*numbers_[client.link])[client.vlan].store(number, std::memory_order_relaxed);
  return table::Key{client.mac, number};
}

ClientKey SessionKeys::client_of(table::Key key) const {
  if (!has_link()) return {key.mac(), key.number()};
  const ClientKey& pair = pairs_[key.number()];
  return {key.mac(), pair.vlan, pair.link};
}

const table::KeyNumbers* SessionKeys::numbers(std::size_t link) const {
  if (numbers_.empty()) return &table::kNoKeyNumbers;
  return numbers_[has_link() ? link : 0].get();
}

}  // namespace gate511::control
