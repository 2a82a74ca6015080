// SPDX-License-Identifier: BSD-3-Clause
//
// rte_mempool with a cache an lcore.
#include "dataplane/mempool.hpp"

#include <fmt/format.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

namespace gate511::dataplane {
namespace {

constexpr unsigned kCache = 256;  // mbufs an lcore keeps to itself
constexpr std::size_t kMiB = std::size_t{1} << 20;

}  // namespace

tl::expected<Mempool, Error> Mempool::create(unsigned mbufs, std::uint16_t frame_bytes) {
  rte_mempool* const pool = rte_pktmbuf_pool_create(
      "gate511-mbufs", mbufs, kCache, 0,
      static_cast<std::uint16_t>(frame_bytes + RTE_PKTMBUF_HEADROOM), SOCKET_ID_ANY);
  if (pool == nullptr) {
    const std::size_t need = mib(mbufs, frame_bytes);
    return tl::unexpected{Error{
        "memory",
        fmt::format("no room for {} packet buffers ({} MiB): {}", mbufs, need,
                    rte_strerror(rte_errno)),
        rte_eal_has_hugepages() != 0
            ? fmt::format("raise vm.nr_hugepages by {}, or lower sessions.capacity", need / 2 + 1)
            : std::string{"raise `-m` in dpdk.args, or leave it out"}}};
  }
  return Mempool{pool};
}

std::size_t Mempool::mib(unsigned mbufs, std::uint16_t frame_bytes) {
  const std::size_t each = sizeof(rte_mbuf) + RTE_PKTMBUF_HEADROOM + frame_bytes +
                           2 * std::size_t{RTE_CACHE_LINE_SIZE};  // the pool's header, rounding
  return mbufs * each / kMiB + 1;
}

std::uint32_t Mempool::size() const {
  return pool_->size;
}

std::uint32_t Mempool::in_use() const {
  return rte_mempool_in_use_count(pool_.get());
}

void Mempool::Free::operator()(rte_mempool* pool) const {
  rte_mempool_free(pool);
}

}  // namespace gate511::dataplane
