// SPDX-License-Identifier: BSD-3-Clause
//
// The pool of packet buffers (mbufs) that all ports receive into and replies are written to.
#pragma once

#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "gate511/error.hpp"

struct rte_mempool;

namespace gate511::dataplane {

class Mempool {
 public:
  /// `frame_bytes`: what one mbuf holds behind its headroom.
  [[nodiscard]] static tl::expected<Mempool, Error> create(unsigned mbufs,
                                                           std::uint16_t frame_bytes);
  /// MiB that such a pool takes.
  [[nodiscard]] static std::size_t mib(unsigned mbufs, std::uint16_t frame_bytes);

  [[nodiscard]] rte_mempool* get() const { return pool_.get(); }
  [[nodiscard]] std::uint32_t size() const;
  /// A snapshot; what lies in the lcores' caches counts as free.
  [[nodiscard]] std::uint32_t in_use() const;

 private:
  struct Free {
    void operator()(rte_mempool* pool) const;
  };
  explicit Mempool(rte_mempool* pool) : pool_{pool} {}

  std::unique_ptr<rte_mempool, Free> pool_;
};

}  // namespace gate511::dataplane
