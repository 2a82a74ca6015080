// SPDX-License-Identifier: BSD-3-Clause
#include "control/memory_reserve.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace gate511::control {
namespace {

/// Small enough to lie in the heap, which then has room for whatever is asked for.
struct Chunk {
  static constexpr std::size_t kBytes = 64 << 10;
  Chunk* next;
};

std::atomic<Chunk*> reserve{nullptr};

void free_all(Chunk* chunk) noexcept {
  while (chunk != nullptr) {
    Chunk* const next = chunk->next;
    std::free(chunk);
    chunk = next;
  }
}

/// Called by operator new, which tries once more if this returns.
void give_back() {
  Chunk* const all = reserve.exchange(nullptr);
  if (all == nullptr) throw std::bad_alloc{};
  free_all(all);
}

}  // namespace

MemoryReserve::MemoryReserve() {
  if (!refill()) throw std::bad_alloc{};
  std::set_new_handler(give_back);
}

MemoryReserve::~MemoryReserve() {
  std::set_new_handler(nullptr);
  free_all(reserve.exchange(nullptr));
}

bool MemoryReserve::is_whole() const noexcept {
  return reserve.load() != nullptr;
}

bool MemoryReserve::refill() noexcept {
  if (is_whole()) return true;
  Chunk* all = nullptr;
  for (std::size_t bytes = 0; bytes < kBytes; bytes += Chunk::kBytes) {
    auto* const chunk = static_cast<Chunk*>(std::malloc(Chunk::kBytes));
    if (chunk == nullptr) {
      free_all(all);
      return false;
    }
    chunk->next = all;
    all = chunk;
  }
  reserve.store(all);
  return true;
}

}  // namespace gate511::control
