// SPDX-License-Identifier: BSD-3-Clause
//
// DPDK's environment as an object: started with what the operator and the machine ask for, cleaned
// up last of all. One a process.
#pragma once

#include <tl/expected.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gate511/error.hpp"

namespace gate511::dataplane {

struct EalOptions {
  std::vector<std::string> args;  ///< the operator's, which win
  std::string lcores;
  std::size_t memory_mib = 0;  ///< what the data plane will take from DPDK's heap
  bool dumpcap = false;        ///< see Options
};

class Eal {
 public:
  /// Starts EAL and creates the virtual devices. Never ends the process; an error is final, since
  /// EAL starts once a process. Threads inherit the signal mask that stands now.
  [[nodiscard]] static tl::expected<Eal, Error> start(const EalOptions& options);

  Eal(Eal&& other) noexcept
      : owner_{std::exchange(other.owner_, false)},
        quiet_{other.quiet_},
        shares_{other.shares_},
        notice_{std::move(other.notice_)} {}
  Eal& operator=(Eal&&) = delete;
  ~Eal();

  [[nodiscard]] bool huge_pages() const;
  /// One line for operators where EAL runs otherwise than they may expect; else empty.
  [[nodiscard]] const std::string& notice() const { return notice_; }
  /// False where the operator's arguments ask for EAL's own log.
  [[nodiscard]] bool quiet() const { return quiet_; }
  /// Worker lcores, all but the control thread's.
  [[nodiscard]] static std::vector<unsigned> worker_lcores();

 private:
  Eal(bool quiet, bool shares, std::string notice)
      : quiet_{quiet}, shares_{shares}, notice_{std::move(notice)} {}

  bool owner_ = true;
  bool quiet_;
  bool shares_;  ///< memory, with dpdk-dumpcap
  std::string notice_;
};

}  // namespace gate511::dataplane
