// SPDX-License-Identifier: BSD-3-Clause
//
// The memory of the session table, its policers and bindings and the workers' session counters,
// taken whole at start from DPDK's heap: huge pages where there are some.
#pragma once

#include <tl/expected.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "gate511/error.hpp"
#include "table/binding.hpp"
#include "table/policer.hpp"
#include "table/session_counters.hpp"
#include "table/session_table.hpp"

namespace gate511::dataplane {

class SessionMemory {
 public:
  [[nodiscard]] static tl::expected<SessionMemory, Error> take(std::size_t capacity,
                                                               std::size_t workers);
  [[nodiscard]] static std::size_t mib(std::size_t capacity, std::size_t workers);

  /// Zero at start.
  [[nodiscard]] std::span<table::Bucket> buckets() const { return buckets_; }
  /// Indexed like the table's slots.
  [[nodiscard]] std::span<table::Policer> policers() const { return policers_; }
  [[nodiscard]] std::span<table::BindingPlace> bindings() const { return bindings_; }
  [[nodiscard]] std::span<table::SessionCounters> counters(std::size_t worker) const {
    return counters_[worker];
  }

 private:
  SessionMemory() = default;

  struct Free {
    void operator()(void* memory) const;
  };
  std::vector<std::unique_ptr<void, Free>> owned_;
  std::span<table::Bucket> buckets_;
  std::span<table::Policer> policers_;
  std::span<table::BindingPlace> bindings_;
  std::vector<std::span<table::SessionCounters>> counters_;
};

}  // namespace gate511::dataplane
