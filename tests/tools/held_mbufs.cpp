// SPDX-License-Identifier: BSD-3-Clause
//
// Preloaded into the daemon: while the file that HELD_MBUFS_IF names is there, so many of its
// packet buffers as stand in it are taken out of the pool, as by a port that does not give them
// back.
#include <rte_mempool.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>
#include <vector>

namespace {

unsigned wanted(const char* path) {
  unsigned count = 0;
  if (FILE* const file = std::fopen(path, "re"); file != nullptr) {
    if (std::fscanf(file, "%u", &count) != 1) count = 0;
    std::fclose(file);
  }
  return count;
}

void watch(const char* path) {
  std::vector<void*> held;
  for (;;) {
    const timespec wait{0, 50'000'000};
    ::nanosleep(&wait, nullptr);
    const unsigned count = wanted(path);
    if (held.size() == count) continue;
    // EAL has started by then: before, there is no list of pools.
    rte_mempool* const pool = rte_mempool_lookup("gate511-mbufs");
    if (pool == nullptr) continue;
    for (void* one = nullptr; held.size() < count && rte_mempool_get(pool, &one) == 0;)
      held.push_back(one);
    for (; held.size() > count; held.pop_back()) rte_mempool_put(pool, held.back());
  }
}

struct Start {
  Start() {
    const char* const path = std::getenv("HELD_MBUFS_IF");
    if (path == nullptr) return;
    // The daemon's signals are for its own threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    std::thread{watch, path}.detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
} const start;

}  // namespace
