// SPDX-License-Identifier: BSD-3-Clause
//
// worker-faults [EAL ARGUMENT...]: the daemon's worker between two ports over rings while buffers
// run out and while a port takes no frame: sessions go on as far as they can, guests get nothing,
// every frame is counted, every buffer is back, and at the next burst after the fault all is as
// before. Prints `ok:` and `not ok:` lines.
#include <fmt/format.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/eal.hpp"
#include "dataplane/mbuf.hpp"
#include "net/frame.hpp"
#include "programs/bench/frames.hpp"
#include "programs/bench/gateway.hpp"
#include "programs/bench/loop.hpp"

namespace {

using namespace gate511;
using namespace gate511::bench;
using policy::Verdict;
using namespace std::chrono_literals;

constexpr unsigned kMbufs = 1'023;
constexpr std::size_t kHalf = 16;  ///< frames of sessions, and as many of guests, in a burst
int failures = 0;

void check(bool holds, const std::string& what) {
  fmt::print("{}: {}\n", holds ? "ok" : "not ok", what);
  if (!holds) ++failures;
}

struct Bed {
  const dataplane::Mempool& pool;
  Loop& loop;
  Gateway& gateway;
  std::uint64_t guest = 1'000'000;

  std::vector<rte_mbuf*> burst() {
    std::vector<rte_mbuf*> frames(2 * kHalf);
    if (rte_pktmbuf_alloc_bulk(pool.get(), frames.data(), 2 * kHalf) != 0) std::abort();
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const net::ByteSpan out = dataplane::room(frames[i], 1514);
      std::size_t bytes = net::kMinFrame;
      if (i % 2 == 0) {
        write_macs(out, kRouter, client_mac(i));
        write_udp(out.first(bytes), {});
      } else {
        bytes = write_segment(out, {.client = guest++, .flags = net::tcp_flag::kSyn});
      }
      dataplane::set_length(frames[i], bytes);
    }
    return frames;
  }
  /// What came out of either port, which is taken and freed.
  std::size_t passed() { return free_all(loop.take_sent_by_uplink()); }
  std::size_t answered() { return free_all(loop.take_sent_by_access()); }
  static std::size_t free_all(const std::vector<rte_mbuf*>& frames) {
    for (rte_mbuf* const frame : frames) rte_pktmbuf_free(frame);
    return frames.size();
  }
  void one_burst_is_as_usual(const std::string& when) {
    loop.put_access(burst());
    gateway.turn();
    check(passed() == kHalf && answered() == kHalf,
          when + ": the next burst passes and is answered");
    check(pool.in_use() == 0, when + ": every buffer is back");
  }
  [[nodiscard]] std::uint64_t sum(policy::Fate fate) const {
    std::uint64_t sum = 0;
    for (const policy::VerdictInfo& info : policy::kVerdicts) {
      if (info.fate == fate) sum += gateway.counted(info.verdict);
    }
    return sum;
  }
  void counters_are_exact(const std::string& when) {
    using enum policy::Fate;
    check(gateway.frames_in() == sum(kForwarded) + sum(kAnswered) + sum(kHeld) + sum(kDropped),
          when + ": frames in = forwarded + answered + held + dropped");
  }
};

/// No buffer is left for 10 s: those who wait to be answered get nothing, sessions pass.
void no_buffers(Bed& bed) {
  constexpr std::size_t kBursts = 20;
  std::vector<std::vector<rte_mbuf*>> bursts;
  for (std::size_t i = 0; i < kBursts; ++i) bursts.push_back(bed.burst());
  std::vector<rte_mbuf*> rest(bed.pool.size() - bed.pool.in_use());
  if (rte_pktmbuf_alloc_bulk(bed.pool.get(), rest.data(), static_cast<unsigned>(rest.size())) != 0)
    std::abort();
  const std::uint64_t before = bed.gateway.counted(Verdict::kNoMbuf);
  std::size_t passed = 0, answered = 0;
  for (const auto& frames : bursts) {
    bed.loop.put_access(frames);
    bed.gateway.turn();
    // Nothing of it is freed before the fault is over, or buffers would be there again.
    for (rte_mbuf* const frame : bed.loop.take_sent_by_uplink()) {
      rest.push_back(frame);
      ++passed;
    }
    answered += bed.answered();
    // What the worker itself has freed is taken away again.
    std::vector<rte_mbuf*> freed(bed.pool.size() - bed.pool.in_use());
    if (rte_pktmbuf_alloc_bulk(bed.pool.get(), freed.data(), static_cast<unsigned>(freed.size())) !=
        0)
      std::abort();
    rest.insert(rest.end(), freed.begin(), freed.end());
    std::this_thread::sleep_for(10s / kBursts);
  }
  check(passed == kBursts * kHalf, "no buffers for 10 s: sessions pass");
  check(answered == 0 && bed.gateway.counted(Verdict::kNoMbuf) - before == kBursts * kHalf,
        "no buffers for 10 s: what is not answered is counted");
  rte_pktmbuf_free_bulk(rest.data(), static_cast<unsigned>(rest.size()));
  bed.counters_are_exact("no buffers for 10 s");
  bed.one_burst_is_as_usual("no buffers for 10 s");
}

/// A port that was stopped, or is gone, takes no frame.
void no_port(Bed& bed) {
  constexpr std::size_t kBursts = 20;
  const std::uint64_t before = bed.gateway.counted(Verdict::kTxFull);
  const auto uplink = number(bed.loop.uplink());
  check(rte_eth_dev_stop(uplink) == 0, "a port that takes nothing: the port stops");
  std::size_t answered = 0;
  for (std::size_t i = 0; i < kBursts; ++i) {
    bed.loop.put_access(bed.burst());
    bed.gateway.turn();
    answered += bed.answered();
  }
  check(bed.passed() == 0 && bed.gateway.counted(Verdict::kTxFull) - before == kBursts * kHalf,
        "a port that takes nothing: what it does not take is counted");
  check(answered == kBursts * kHalf, "a port that takes nothing: guests are answered by the other");
  check(bed.pool.in_use() == 0, "a port that takes nothing: no buffer is lost");
  check(rte_eth_dev_start(uplink) == 0, "a port that takes nothing: the port starts");
  bed.counters_are_exact("a port that takes nothing");
  bed.one_burst_is_as_usual("a port that takes nothing");
}

}  // namespace

int main(int argc, char** argv) {
  const auto eal =
      dataplane::Eal::start({.args = {argv + 1, argv + argc}, .lcores = "0-1", .memory_mib = 256});
  if (!eal) {
    fmt::print(stderr, "worker-faults: {}\n", eal.error().text());
    return EXIT_FAILURE;
  }
  const auto pool = dataplane::Mempool::create(kMbufs, 2048);
  auto loop = pool ? Loop::create(*pool, "faults", /*open=*/true)
                   : tl::expected<Loop, Error>{tl::unexpect, pool.error()};
  if (!loop) {
    fmt::print(stderr, "worker-faults: {}\n", loop.error().text());
    return EXIT_FAILURE;
  }
  auto gateway = Gateway::create({.capacity = 1'024, .both_directions = false}, *loop, *pool);
  if (!gateway) {
    fmt::print(stderr, "worker-faults: {}\n", gateway.error().text());
    return EXIT_FAILURE;
  }
  (*gateway)->let_in(1'024);
  Bed bed{*pool, *loop, **gateway};
  bed.one_burst_is_as_usual("to begin with");
  no_buffers(bed);
  no_port(bed);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
