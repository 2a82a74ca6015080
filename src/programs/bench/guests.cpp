// SPDX-License-Identifier: BSD-3-Clause
#include "programs/bench/guests.hpp"

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "dataplane/mbuf.hpp"
#include "pipeline/burst.hpp"

namespace gate511::bench {

Guests::Guests(Gateway& gateway, Loop& loop, const dataplane::Mempool& pool)
    : gateway_{gateway}, loop_{loop}, pool_{pool} {
  constexpr std::size_t kGoRound = 3 * kSlice;
  const std::size_t free = pool.size() - pool.in_use();
  kept_.resize(free - std::min(free, kGoRound));
  if (rte_pktmbuf_alloc_bulk(pool.get(), kept_.data(), static_cast<unsigned>(kept_.size())) != 0)
    kept_.clear();
}

Guests::~Guests() {
  rte_pktmbuf_free_bulk(kept_.data(), static_cast<unsigned>(kept_.size()));
}

double Guests::send(const Write& write, std::size_t replies,
                    const std::function<void(std::size_t, net::ByteView)>& seen) {
  std::array<rte_mbuf*, kSlice> frames;
  if (rte_pktmbuf_alloc_bulk(pool_.get(), frames.data(), kSlice) != 0) std::abort();
  for (std::size_t n = 0; n < kSlice; ++n)
    dataplane::set_length(frames[n], write(dataplane::room(frames[n], kMaxFrame), n));
  loop_.put_access(frames);
  const std::uint64_t begin = rte_rdtsc_precise();
  for (std::size_t n = 0; n < kSlice; n += pipeline::kMaxBurst) gateway_.turn();
  const std::uint64_t cycles = rte_rdtsc_precise() - begin;
  const std::vector<rte_mbuf*> sent = loop_.take_sent_by_access();
  if (sent.size() != replies) throw std::logic_error{"not as many replies as there should be"};
  for (std::size_t n = 0; n < sent.size(); ++n) {
    if (seen) seen(n, dataplane::first_segment(sent[n]));
    rte_pktmbuf_free(sent[n]);
  }
  return static_cast<double>(cycles) / static_cast<double>(kSlice);
}

}  // namespace gate511::bench
