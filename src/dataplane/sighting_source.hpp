// SPDX-License-Identifier: BSD-3-Clause
//
// Where the control thread takes from what the workers saw of clients; without a DPDK type, so that
// it can be tested without DPDK.
#pragma once

#include <cstddef>
#include <span>

#include "pipeline/capport_teller.hpp"
#include "pipeline/garden_opener.hpp"
#include "pipeline/sighting.hpp"

namespace gate511::dataplane {

/// Asked by the control thread.
class SightingSource {
 public:
  SightingSource() = default;
  SightingSource(const SightingSource&) = delete;
  SightingSource& operator=(const SightingSource&) = delete;
  virtual ~SightingSource() = default;

  /// Takes up to `out.size()` sightings, each worker's in their order. Returns how many; fewer than
  /// asked for means that there are no more now. Never blocks.
  [[nodiscard]] virtual std::size_t take_sightings(std::span<pipeline::Sighting> out) noexcept = 0;
  /// The same, of what the uplink told of routers and DHCP servers.
  [[nodiscard]] virtual std::size_t take_uplink(std::span<pipeline::Sighting> out) noexcept = 0;
  /// The same, of what the garden thread opened.
  [[nodiscard]] virtual std::size_t take_learnt(std::span<pipeline::Learnt> out) noexcept = 0;
  /// The same, of what the guards dropped.
  [[nodiscard]] virtual std::size_t take_guarded(std::span<pipeline::Sighting> out) noexcept = 0;
  /// The same, of what clients were told of the portal's API.
  [[nodiscard]] virtual std::size_t take_announced(std::span<pipeline::Announced> out) noexcept = 0;
};

}  // namespace gate511::dataplane
