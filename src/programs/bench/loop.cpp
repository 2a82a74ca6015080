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

tl::expected<dataplane::PortId, Error> open_port(const char* name, rte_ring* rx, rte_ring* tx,
                                                 const dataplane::Mempool& pool) {
  rte_ring* const rx_queues[] = {rx};
  rte_ring* const tx_queues[] = {tx};
  const int made = rte_eth_from_rings(name, rx_queues, 1, tx_queues, 1, 0);
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

tl::expected<Loop, Error> Loop::create(const dataplane::Mempool& pool) {
  const auto ring = [](const char* name) {
    return Ring{rte_ring_create(name, kFrames * 2, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ)};
  };
  Loop loop{ring("bench-to-access"), ring("bench-to-uplink")};
  if (!loop.to_access_ || !loop.to_uplink_) return tl::unexpected{ring_error("no ring", rte_errno)};
  const auto access = open_port("bench_access", loop.to_access_.get(), loop.to_uplink_.get(), pool);
  if (!access) return tl::unexpected{access.error()};
  loop.access_ = *access;
  const auto uplink = open_port("bench_uplink", loop.to_uplink_.get(), loop.to_access_.get(), pool);
  if (!uplink) return tl::unexpected{uplink.error()};
  loop.uplink_ = *uplink;
  return loop;
}

Loop::~Loop() {
  if (!to_access_ || !to_uplink_) return;
  for (rte_ring* const ring : {to_access_.get(), to_uplink_.get()}) {
    for (rte_mbuf* const frame : take(ring)) rte_pktmbuf_free(frame);
  }
  for (const dataplane::PortId port : {access_, uplink_}) {
    rte_eth_dev_stop(number(port));
    rte_eth_dev_close(number(port));
  }
}

void Loop::put(rte_ring* ring, std::span<rte_mbuf* const> frames) {
  for (rte_mbuf* const frame : frames) {
    [[maybe_unused]] const int put = rte_ring_enqueue(ring, frame);
    assert(put == 0);
  }
}

std::vector<rte_mbuf*> Loop::take(rte_ring* ring) {
  std::vector<rte_mbuf*> frames;
  void* frame = nullptr;
  while (rte_ring_dequeue(ring, &frame) == 0) frames.push_back(static_cast<rte_mbuf*>(frame));
  return frames;
}

void Loop::Free::operator()(rte_ring* ring) const {
  rte_ring_free(ring);
}

}  // namespace gate511::bench
