// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/garden_thread.hpp"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>

namespace gate511::dataplane {
namespace {

using std::chrono::microseconds;

constexpr microseconds kWatching{250};
constexpr microseconds kIdle{20'000};  // no zone's garden has hosts
constexpr unsigned long kTimerSlack_ns = 1'000;
constexpr int kNice = -15;

}  // namespace

GardenThread::GardenThread(pipeline::Shared& shared,
                           const std::vector<std::unique_ptr<Worker>>& workers)
    : shared_{shared}, workers_{workers}, opener_{shared.permits}, thread_{[this] { run(); }} {
  has_begun_.wait();
}

GardenThread::~GardenThread() {
  stop_.store(true, std::memory_order_relaxed);
  thread_.join();
}

void GardenThread::run() noexcept {
  pthread_setname_np(pthread_self(), "gate511-garden");
  prctl(PR_SET_TIMERSLACK, kTimerSlack_ns);
  // It shares a core with the control thread and does little at a time, for which clients wait.
  // Where that is not allowed, it waits its turn.
  static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice));
  has_begun_.count_down();
  std::size_t place = 0;
  while (!stop_.load(std::memory_order_relaxed)) {
    const std::uint32_t now_s = shared_.unix_s.load(std::memory_order_relaxed);
    std::size_t served = 0;
    for (const auto& worker : workers_) served += opener_.serve(worker->learner(), now_s);
    shared_.permits.forget_ended(place, now_s);
    place = (place + 1) % policy::Permits::kPlaces;
    if (served > 0) continue;
    std::this_thread::sleep_for(shared_.learns.load(std::memory_order_relaxed) ? kWatching : kIdle);
  }
}

}  // namespace gate511::dataplane
