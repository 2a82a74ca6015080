// SPDX-License-Identifier: BSD-3-Clause
//
// One allocation for the buckets, one for the policers, one for what leads to bindings and one a
// worker for counters, so that no two workers share a cache line or, with huge pages, a TLB entry
// that one of them writes to.
#include "dataplane/session_memory.hpp"

#include <fmt/format.h>
#include <rte_eal.h>
#include <rte_malloc.h>

#include <memory>

namespace gate511::dataplane {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

template <typename T>
std::span<T> make(void* memory, std::size_t count) {
  T* const first = static_cast<T*>(memory);
  std::uninitialized_value_construct_n(first, count);
  return {first, count};
}

}  // namespace

tl::expected<SessionMemory, Error> SessionMemory::take(std::size_t capacity, std::size_t workers) {
  SessionMemory memory;
  const std::size_t buckets = table::SessionTable::buckets_for(capacity);
  const std::size_t slots = buckets * table::Bucket::kSlots;

  const auto allocate = [&](const char* name, std::size_t bytes) -> tl::expected<void*, Error> {
    void* const block = rte_malloc_socket(name, bytes, alignof(table::Bucket), SOCKET_ID_ANY);
    if (block == nullptr) {
      const std::size_t need = bytes / kMiB + 1;
      return tl::unexpected{
          Error{"sessions.capacity",
                fmt::format("{} sessions with {} workers need {} MiB; at the {} {} MiB are missing",
                            capacity, workers, mib(capacity, workers), name, need),
                rte_eal_has_hugepages() != 0
                    ? fmt::format("raise vm.nr_hugepages by {}, or lower sessions.capacity",
                                  mib(capacity, workers) / 2 + 1)
                    : std::string{
                          "raise `-m` in dpdk.args or leave it out, or lower sessions.capacity"}}};
    }
    memory.owned_.emplace_back(block);
    return block;
  };

  const auto table = allocate("session table", buckets * sizeof(table::Bucket));
  if (!table) return tl::unexpected{table.error()};
  memory.buckets_ = make<table::Bucket>(*table, buckets);
  const auto policers = allocate("policers", slots * sizeof(table::Policer));
  if (!policers) return tl::unexpected{policers.error()};
  memory.policers_ = make<table::Policer>(*policers, slots);
  const auto bindings = allocate("bindings", slots * sizeof(table::BindingPlace));
  if (!bindings) return tl::unexpected{bindings.error()};
  memory.bindings_ = make<table::BindingPlace>(*bindings, slots);
  for (std::size_t worker = 0; worker < workers; ++worker) {
    const auto counters = allocate("session counters", slots * sizeof(table::SessionCounters));
    if (!counters) return tl::unexpected{counters.error()};
    memory.counters_.push_back(make<table::SessionCounters>(*counters, slots));
  }
  return memory;
}

std::size_t SessionMemory::mib(std::size_t capacity, std::size_t workers) {
  const std::size_t buckets = table::SessionTable::buckets_for(capacity);
  const std::size_t bytes =
      buckets * (sizeof(table::Bucket) +
                 table::Bucket::kSlots * (sizeof(table::Policer) + sizeof(table::BindingPlace) +
                                          workers * sizeof(table::SessionCounters)));
  return bytes / kMiB + 1;
}

void SessionMemory::Free::operator()(void* memory) const {
  rte_free(memory);
}

}  // namespace gate511::dataplane
