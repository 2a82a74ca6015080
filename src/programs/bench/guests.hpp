// SPDX-License-Identifier: BSD-3-Clause
//
// Guests in front of a gateway: their frames are put where its access port receives them, the
// worker takes its turns, and what it sent is taken from where it sent it to.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "dataplane/mempool.hpp"
#include "net/bytes.hpp"
#include "programs/bench/gateway.hpp"
#include "programs/bench/loop.hpp"

namespace gate511::bench {

class Guests {
 public:
  /// Frames of a slice: each of another guest.
  static constexpr std::size_t kSlice = 2048;
  static constexpr std::size_t kMaxFrame = 1514;

  /// `loop` is an open one, whose access port alone `gateway` serves.
  Guests(Gateway& gateway, Loop& loop, const dataplane::Mempool& pool);
  ~Guests();
  Guests(const Guests&) = delete;
  Guests& operator=(const Guests&) = delete;

  /// Writes the frame of guest `n` of the slice, and returns its length.
  using Write = std::function<std::size_t(net::ByteSpan out, std::size_t n)>;
  /// Sends a slice of frames, and returns the cycles that the worker took for each. `seen` gets
  /// each reply, of which there are `replies`.
  double send(const Write& write, std::size_t replies,
              const std::function<void(std::size_t n, net::ByteView reply)>& seen = {});

  /// The number of the first guest of a slice that nobody has seen yet.
  [[nodiscard]] std::uint64_t newcomers() { return next_ += kSlice; }

 private:
  Gateway& gateway_;
  Loop& loop_;
  const dataplane::Mempool& pool_;
  std::vector<rte_mbuf*> kept_;  ///< so that no more buffers go round than a NIC's queues have
  std::uint64_t next_ = 0;
};

}  // namespace gate511::bench
