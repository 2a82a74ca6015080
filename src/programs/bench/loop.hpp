// SPDX-License-Identifier: BSD-3-Clause
//
// A link without a NIC: two ports over two rings, so that what the uplink port sends comes in again
// by the access port, and the reverse. Frames that pass go round for ever.
#pragma once

#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/mempool.hpp"
#include "dataplane/port.hpp"
#include "gate511/error.hpp"

struct rte_mbuf;
struct rte_ring;

namespace gate511::bench {

class Loop {
 public:
  /// Room for this many frames each way.
  static constexpr unsigned kFrames = 131'072;

  [[nodiscard]] static tl::expected<Loop, Error> create(const dataplane::Mempool& pool);
  Loop(Loop&&) = default;
  Loop& operator=(Loop&&) = delete;
  ~Loop();

  [[nodiscard]] dataplane::PortId access() const { return access_; }
  [[nodiscard]] dataplane::PortId uplink() const { return uplink_; }

  // By hand, while no worker runs. A frame is owned by the ring it is in.

  /// Puts frames where the access port, or the uplink port, receives them next.
  void put_access(std::span<rte_mbuf* const> frames) { put(to_access_.get(), frames); }
  void put_uplink(std::span<rte_mbuf* const> frames) { put(to_uplink_.get(), frames); }
  /// Takes out all that the uplink port, or the access port, has sent and nobody has received.
  [[nodiscard]] std::vector<rte_mbuf*> take_sent_by_uplink() { return take(to_access_.get()); }
  [[nodiscard]] std::vector<rte_mbuf*> take_sent_by_access() { return take(to_uplink_.get()); }

 private:
  struct Free {
    void operator()(rte_ring* ring) const;
  };
  using Ring = std::unique_ptr<rte_ring, Free>;

  Loop(Ring to_access, Ring to_uplink)
      : to_access_{std::move(to_access)}, to_uplink_{std::move(to_uplink)} {}
  static void put(rte_ring* ring, std::span<rte_mbuf* const> frames);
  static std::vector<rte_mbuf*> take(rte_ring* ring);

  Ring to_access_;
  Ring to_uplink_;
  dataplane::PortId access_{};
  dataplane::PortId uplink_{};
};

}  // namespace gate511::bench
