// SPDX-License-Identifier: BSD-3-Clause
//
// The gateway as the daemon builds it, configuration and all, between the two ports of a Loop: the
// real table, pipeline and worker. Only the thread is the bench's own.
#pragma once

#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/qsbr.hpp"
#include "dataplane/session_memory.hpp"
#include "dataplane/worker.hpp"
#include "gate511/error.hpp"
#include "pipeline/pipeline.hpp"
#include "policy/verdict.hpp"
#include "programs/bench/loop.hpp"

namespace gate511::bench {

/// VLANs of the bench's own zone; all else is the default zone's.
inline constexpr std::uint16_t kZoneVlan = 20;

class Gateway {
 public:
  struct Setup {
    std::size_t capacity = 0;
    bool both_directions = true;  ///< false: the worker serves the access port alone
    bool port_sums = false;       ///< as if the access port made the checksums of pages
    table::Isa isa = table::widest_isa();
  };
  [[nodiscard]] static tl::expected<std::unique_ptr<Gateway>, Error> create(
      const Setup& setup, const Loop& loop, const dataplane::Mempool& pool);

  /// Clients 0 to `count` - 1 get a session.
  void let_in(std::size_t count);

  /// Runs the worker on an lcore, until stop().
  void start(unsigned lcore);
  void stop();
  /// One turn of the worker, which does not run: up to a burst of each port that it serves.
  void turn() noexcept { worker_->turn(); }

  [[nodiscard]] std::uint64_t counted(policy::Verdict verdict) const;
  /// Frames that came in by either port.
  [[nodiscard]] std::uint64_t frames_in() const { return worker_->status().frames_in; }
  [[nodiscard]] table::SessionTable& table() { return table_; }
  [[nodiscard]] table::GracePeriod& grace() { return *readers_; }

 private:
  Gateway(dataplane::SessionMemory memory, std::unique_ptr<dataplane::Qsbr> readers,
          std::unique_ptr<const policy::Snapshot> snapshot, const Setup& setup);

  dataplane::SessionMemory memory_;
  std::unique_ptr<dataplane::Qsbr> readers_;
  std::unique_ptr<const policy::Snapshot> snapshot_;
  responder::CookieKeys keys_;
  table::SessionTable table_;
  pipeline::Shared shared_;
  std::unique_ptr<dataplane::Worker> worker_;
  unsigned lcore_ = 0;
};

/// Memory of DPDK's heap that a gateway and a loop take.
[[nodiscard]] std::size_t gateway_mib(std::size_t capacity);

}  // namespace gate511::bench
