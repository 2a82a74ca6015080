// SPDX-License-Identifier: BSD-3-Clause
#include "programs/bench/loop.hpp"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <cassert>

namespace gate511::bench {
namespace {

constexpr std::uint16_t kDescriptors = 1024;  // net_ring has none, and wants a number

Error ring_error(const char* what, int code) {
  return {"net_ring", fmt::format("{}: {}", what, rte_strerror(code)),
          "see whether DPDK's ring driver is installed and memory is free"};
}

tl::expected<dataplane::PortId, Error> open_port(const std::string& name, rte_ring* rx,
                                                 rte_ring* tx, const dataplane::Mempool& pool) {
  rte_ring* const rx_queues[] = {rx};
  rte_ring* const tx_queues[] = {tx};
  const int made = rte_eth_from_rings(name.c_str(), rx_queues, 1, tx_queues, 1, 0);
  if (made < 0) return tl::unexpected{ring_error("no port over a ring", rte_errno)};
  const auto port = static_cast<std::uint16_t>(made);
  const rte_eth_conf conf{};
  int code = rte_eth_dev_configure(port, 1, 1, &conf);
  if (code == 0) code = rte_eth_rx_queue_setup(port, 0, kDescriptors, 0, nullptr, pool.get());
  if (code == 0) code = rte_eth_tx_queue_setup(port, 0, kDescriptors, 0, nullptr);
  if (code == 0) code = rte_eth_dev_start(port);
  if (code != 0) return tl::unexpected{ring_error("the port does not start", -code)};
  return dataplane::PortId{port};
}

}  // namespace

tl::expected<Loop, Error> Loop::create(const dataplane::Mempool& pool, const std::string& name,
                                       bool open) {
  Loop loop;
  const auto ring = [&](const char* what) {
    return Ring{rte_ring_create((name + what).c_str(), kFrames * 2, SOCKET_ID_ANY,
                                RING_F_SP_ENQ | RING_F_SC_DEQ)};
  };
  loop.to_access_ = ring("-to-access");
  loop.to_uplink_ = ring("-to-uplink");
  if (open) {
    loop.from_access_ = ring("-from-access");
    loop.from_uplink_ = ring("-from-uplink");
  }
  if (!loop.to_access_ || !loop.to_uplink_ || (open && (!loop.from_access_ || !loop.from_uplink_)))
    return tl::unexpected{ring_error("no ring", rte_errno)};
  const auto access = open_port(name + "_access", loop.to_access_.get(), loop.from_access(), pool);
  if (!access) return tl::unexpected{access.error()};
  loop.access_ = *access;
  const auto uplink = open_port(name + "_uplink", loop.to_uplink_.get(), loop.from_uplink(), pool);
  if (!uplink) return tl::unexpected{uplink.error()};
  loop.uplink_ = *uplink;
  loop.owner_ = true;
  return loop;
}

Loop::~Loop() {
  if (!to_access_ || !owner_) return;
  for (rte_ring* const ring :
       {to_access_.get(), to_uplink_.get(), from_access_.get(), from_uplink_.get()}) {
    if (ring == nullptr) continue;
    for (rte_mbuf* const frame : take(ring)) rte_pktmbuf_free(frame);
  }
  for (const dataplane::PortId port : {access_, uplink_}) {
    rte_eth_dev_stop(number(port));
    rte_eth_dev_close(number(port));
  }
}

std::size_t Loop::waiting_for_access() const {
  return rte_ring_count(to_access_.get());
}

void Loop::put(rte_ring* ring, std::span<rte_mbuf* const> frames) {
  for (rte_mbuf* const frame : frames) {
    [[maybe_unused]] const int put = rte_ring_enqueue(ring, frame);
    assert(put == 0);
  }
}

std::vector<rte_mbuf*> Loop::take(rte_ring* ring) {
  // As many as there are now: somebody may go on sending.
  std::vector<rte_mbuf*> frames(rte_ring_count(ring));
  frames.resize(rte_ring_dequeue_burst(ring, reinterpret_cast<void**>(frames.data()),
                                       static_cast<unsigned>(frames.size()), nullptr));
  return frames;
}

void Loop::Free::operator()(rte_ring* ring) const {
  rte_ring_free(ring);
}

}  // namespace gate511::bench
