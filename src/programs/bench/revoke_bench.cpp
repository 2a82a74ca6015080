// SPDX-License-Identifier: BSD-3-Clause
//
// Revokes while the worker has all the frames that it can take: how long until all workers have
// passed a quiescent point, which is when a revoke is answered, and whether a frame of that session
// comes out afterwards that had not been handed to the port by then. One that does is an error.
#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <vector>

#include "dataplane/eal.hpp"
#include "dataplane/mbuf.hpp"
#include "net/frame.hpp"
#include "programs/bench/bench.hpp"
#include "programs/bench/frames.hpp"
#include "programs/bench/gateway.hpp"

namespace gate511::bench {
namespace {

constexpr std::uint64_t kClients = 64;
constexpr std::size_t kWaiting = 4'096;  ///< frames that the worker always has before it

/// Sends for all clients in turns, and takes what comes out at the far end.
class FarEnds {
 public:
  FarEnds(Loop& loop, const dataplane::Mempool& pool) : loop_{loop}, pool_{pool} {}

  void feed() {
    std::array<rte_mbuf*, 256> frames;
    while (loop_.waiting_for_access() < kWaiting) {
      if (rte_pktmbuf_alloc_bulk(pool_.get(), frames.data(), frames.size()) != 0) return;
      for (rte_mbuf* const frame : frames) {
        dataplane::set_length(frame, net::kMinFrame);
        const net::ByteSpan bytes = dataplane::room(frame, net::kMinFrame);
        write_macs(bytes, kRouter, client_mac(next_++ % kClients));
        write_udp(bytes, {});
      }
      loop_.put_access(frames);
    }
  }
  /// What has come out, of which so many are `client`'s.
  std::uint64_t take(net::MacAddress client) {
    for (rte_mbuf* const reply : loop_.take_sent_by_access()) rte_pktmbuf_free(reply);
    std::uint64_t count = 0;
    for (rte_mbuf* const frame : loop_.take_sent_by_uplink()) {
      count += net::parse_ethernet(dataplane::first_segment(frame)).source == client ? 1U : 0U;
      rte_pktmbuf_free(frame);
    }
    return count;
  }

 private:
  Loop& loop_;
  const dataplane::Mempool& pool_;
  std::uint64_t next_ = 0;
};

}  // namespace

Done bench_revoke(const Options& options, const dataplane::Mempool& pool, Loop& loop,
                  Report& report) {
  report.heading(
      "revoke: microseconds until it may be answered, at full load\n"
      " revokes         p50         p99        most  frames after the answer");
  auto gateway = Gateway::create({.capacity = 1'024}, loop, pool);
  if (!gateway) return tl::unexpected{gateway.error()};
  (*gateway)->let_in(kClients);
  table::SessionTable& table = (*gateway)->table();
  table::GracePeriod& grace = (*gateway)->grace();
  FarEnds ends{loop, pool};
  ends.feed();
  (*gateway)->start(dataplane::Eal::worker_lcores().front());
  std::vector<double> took_us;
  std::uint64_t late = 0, before = 0;
  const std::size_t revokes = options.quick ? 1'000 : 10'000;
  for (std::size_t i = 0; i < revokes; ++i) {
    const net::MacAddress client = client_mac(i % kClients);
    const std::uint64_t in = (*gateway)->frames_in();
    while ((*gateway)->frames_in() < in + 1'000) {
      ends.feed();
      before += ends.take(client);
    }
    const std::uint32_t index = table.look_up({client, 0}).index;
    const std::uint64_t begin = rte_rdtsc_precise();
    table.erase(index);
    const auto token = grace.start();
    while (!grace.passed(token)) {
    }
    took_us.push_back(static_cast<double>(rte_rdtsc_precise() - begin) * 1e6 /
                      static_cast<double>(rte_get_tsc_hz()));
    static_cast<void>(ends.take(client));  // what was handed to the port before the answer
    const std::uint64_t answered = (*gateway)->frames_in();
    while ((*gateway)->frames_in() < answered + 2 * kWaiting) {
      ends.feed();
      late += ends.take(client);
    }
    late += ends.take(client);
    table.release(index);
    if (!table.insert({client, 0}, table::State::kAuthenticated)) std::abort();
  }
  (*gateway)->stop();
  static_cast<void>(ends.take(kRouter));
  std::sort(took_us.begin(), took_us.end());
  const auto at = [&](std::size_t percent) {
    return took_us[(took_us.size() - 1) * percent / 100];
  };
  report.add({{"name", "revoke"},
              {"revokes", revokes},
              {"p50_us", rounded(at(50))},
              {"p99_us", rounded(at(99))},
              {"most_us", rounded(at(100))},
              {"frames_after_the_answer", late}},
             fmt::format("{:>8} {:>11.1f} {:>11.1f} {:>11.1f}  {}", revokes, at(50), at(99),
                         at(100), late));
  if (late > 0 || before == 0) {
    return tl::unexpected{Error{
        "revoke",
        fmt::format("{} frames came out after the answer, {} before the revoke", late, before),
        "this is a fault of the program"}};
  }
  return {};
}

}  // namespace gate511::bench
