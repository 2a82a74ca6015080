// SPDX-License-Identifier: BSD-3-Clause
//
// A link without a NIC: two ports over rings. What the uplink port sends comes in again by the
// access port, and the reverse, so that frames that pass go round for ever; or, in an open one,
// what is sent is for the bench to take.
#pragma once

#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
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

  /// `name`: of the ports, `NAME_access` and `NAME_uplink`; a process has each once.
  [[nodiscard]] static tl::expected<Loop, Error> create(const dataplane::Mempool& pool,
                                                        const std::string& name, bool open);
  Loop(Loop&&) = default;
  Loop& operator=(Loop&&) = delete;
  ~Loop();

  [[nodiscard]] dataplane::PortId access() const { return access_; }
  [[nodiscard]] dataplane::PortId uplink() const { return uplink_; }

  // A frame is owned by the ring it is in. In a closed loop only while no worker runs.

  /// Puts frames where the access port, or the uplink port, receives them next.
  void put_access(std::span<rte_mbuf* const> frames) { put(to_access_.get(), frames); }
  void put_uplink(std::span<rte_mbuf* const> frames) { put(to_uplink_.get(), frames); }
  /// Takes out what the uplink port, or the access port, has sent and nobody has received.
  [[nodiscard]] std::vector<rte_mbuf*> take_sent_by_uplink() { return take(from_uplink()); }
  [[nodiscard]] std::vector<rte_mbuf*> take_sent_by_access() { return take(from_access()); }
  /// How many wait for the access port to receive them.
  [[nodiscard]] std::size_t waiting_for_access() const;

 private:
  struct Free {
    void operator()(rte_ring* ring) const;
  };
  using Ring = std::unique_ptr<rte_ring, Free>;

  Loop() = default;
  [[nodiscard]] rte_ring* from_uplink() const {
    return from_uplink_ ? from_uplink_.get() : to_access_.get();
  }
  [[nodiscard]] rte_ring* from_access() const {
    return from_access_ ? from_access_.get() : to_uplink_.get();
  }
  static void put(rte_ring* ring, std::span<rte_mbuf* const> frames);
  static std::vector<rte_mbuf*> take(rte_ring* ring);

  Ring to_access_;
  Ring to_uplink_;
  Ring from_access_;  ///< of an open one
  Ring from_uplink_;
  bool owner_ = false;
  dataplane::PortId access_{};
  dataplane::PortId uplink_{};
};

}  // namespace gate511::bench
