// SPDX-License-Identifier: BSD-3-Clause
#include "control/memory_reserve.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>
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

std::mutex giving;
std::uint64_t given = 0;                    ///< how often; under the mutex
thread_local std::uint64_t tried_with = 0;  ///< `given` when this thread was last told to try again

/// Called by operator new, which tries once more if this returns. Two threads may find no memory at
/// once: what one of them gives back is for the other as well.
void give_back() {
  const std::lock_guard lock{giving};
  if (Chunk* const all = reserve.exchange(nullptr); all != nullptr) {
    free_all(all);
    ++given;
  } else if (tried_with == given) {
    throw std::bad_alloc{};
  }
  tried_with = given;
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
