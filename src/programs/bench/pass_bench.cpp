// SPDX-License-Identifier: BSD-3-Clause
//
// Frames of sessions, both ways, round and round through a worker, each lap with other clients in
// no order; beside them macswap, the least that a forwarder can do with a frame, over the same
// rings and buffers.
#include <fmt/format.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include <array>
#include <cstring>

#include "dataplane/mbuf.hpp"
#include "programs/bench/bench.hpp"
#include "programs/bench/frames.hpp"
#include "programs/bench/gateway.hpp"
#include "programs/bench/loop.hpp"

namespace gate511::bench {
namespace {

using pipeline::kMaxBurst;

constexpr std::size_t kSliceTurns = 16;
constexpr std::size_t kSliceFrames = kSliceTurns * 2 * kMaxBurst;

/// What is sent round.
struct Mix {
  const char* name;
  std::uint16_t vlan;
  std::array<std::size_t, 12> bytes;  ///< with FCS; in turns
};
// IMIX: 7 of 64 bytes, 4 of 594, 1 of 1518 (RFC 6985 calls it a genome of seven, four and one).
constexpr Mix k64{"64", 0, {64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64}};
constexpr Mix k64Tagged{"64 tagged", kZoneVlan, {64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64}};
constexpr Mix k1500{
    "1500", 0, {1500, 1500, 1500, 1500, 1500, 1500, 1500, 1500, 1500, 1500, 1500, 1500}};
constexpr Mix kImix{"IMIX", 0, {64, 594, 64, 64, 594, 64, 1518, 64, 594, 64, 64, 594}};

net::ByteSpan bytes_of(rte_mbuf* frame) {
  return dataplane::room(frame, frame->data_len);
}

/// Half of the frames go up, half come down.
class Traffic {
 public:
  Traffic(const Mix& mix, const dataplane::Mempool& pool, Loop& loop) {
    frames_.resize(kInFlight);
    if (rte_pktmbuf_alloc_bulk(pool.get(), frames_.data(), kInFlight) != 0) std::abort();
    for (std::size_t i = 0; i < kInFlight; ++i) {
      dataplane::set_length(frames_[i], mix.bytes[i / 2 % mix.bytes.size()] - kFcs);
      write_udp(bytes_of(frames_[i]), {.from_access = goes_up(i), .vlan = mix.vlan});
      if (goes_up(i)) {
        loop.put_access({&frames_[i], 1});
      } else {
        loop.put_uplink({&frames_[i], 1});
      }
    }
  }
  /// Other clients for the next lap.
  void draw_clients(std::uint64_t sessions) {
    for (std::size_t i = 0; i < kInFlight; ++i) {
      const net::MacAddress client = client_mac(next_below(random_, sessions));
      write_macs(bytes_of(frames_[i]), goes_up(i) ? kRouter : client,
                 goes_up(i) ? client : kRouter);
    }
  }

 private:
  static bool goes_up(std::size_t i) { return i % 2 == 0; }
  std::vector<rte_mbuf*> frames_;  ///< owned by the loop
  std::uint64_t random_ = 511;
};

using Octets [[gnu::vector_size(16)]] = std::uint8_t;

/// Swaps the addresses of a burst from `rx` and sends it by `tx`, as testpmd's macswap does.
void macswap(dataplane::PortId rx, dataplane::PortId tx) noexcept {
  std::array<rte_mbuf*, kMaxBurst> frames;
  const std::uint16_t count = rte_eth_rx_burst(number(rx), 0, frames.data(), kMaxBurst);
  for (std::size_t i = 0; i < count; ++i) {
    if (i + 1U < count) rte_prefetch0(dataplane::room(frames[i + 1], 0).data());
    std::byte* const macs = dataplane::room(frames[i], 16).data();
    Octets octets;
    std::memcpy(&octets, macs, sizeof octets);
    octets = __builtin_shufflevector(octets, octets, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 12, 13,
                                     14, 15);
    std::memcpy(macs, &octets, sizeof octets);
    frames[i]->ol_flags = 0;
    frames[i]->tx_offload = 0;
  }
  const std::uint16_t sent = rte_eth_tx_burst(number(tx), 0, frames.data(), count);
  if (sent != count) std::abort();
}

/// A lap: every frame once.
template <typename Turn>
double time_lap(Traffic& traffic, std::uint64_t sessions, Turn turn) {
  traffic.draw_clients(sessions);
  return median_slice(kInFlight / kSliceFrames, kSliceFrames, [&] {
    for (std::size_t i = 0; i < kSliceTurns; ++i) turn();
  });
}

void measure(const Mix& mix, std::uint64_t sessions, Gateway& gateway, Loop& loop,
             const dataplane::Mempool& pool, const Options& options, Report& report) {
  Traffic traffic{mix, pool, loop};
  const std::array<Contender, 2> contenders{
      [&] { return time_lap(traffic, sessions, [&] { gateway.turn(); }); },
      [&] {
        return time_lap(traffic, sessions, [&] {
          macswap(loop.access(), loop.uplink());
          macswap(loop.uplink(), loop.access());
        });
      }};
  const std::uint64_t before = gateway.counted(policy::Verdict::kSession);
  const auto figures = take_turns(contenders, options.rounds);
  if (gateway.counted(policy::Verdict::kSession) - before !=
      std::uint64_t{options.rounds + 1} * kInFlight)
    throw std::logic_error{"not every frame was a session's"};
  for (rte_mbuf* const frame : loop.take_sent_by_uplink()) rte_pktmbuf_free(frame);
  for (rte_mbuf* const frame : loop.take_sent_by_access()) rte_pktmbuf_free(frame);

  Json result{{"name", "pass"}, {"sessions", sessions}};
  if (mix.bytes.front() == mix.bytes[1]) {
    result["frame_bytes"] = mix.bytes.front();
  } else {
    result["frame_bytes"] = mix.name;
  }
  result.update(Json{{"tagged", mix.vlan != 0},
                     {"workers", 1},
                     {"cycles_per_packet", rounded(figures[0].median)},
                     {"spread", figures[0].spread},
                     {"macswap", rounded(figures[1].median)},
                     {"macswap_spread", figures[1].spread}});
  report.add(
      std::move(result),
      fmt::format("{:>8} {:>10} {:>12} {:>12} {:>8.1f}x", show_count(sessions), mix.name,
                  show(figures[0]), show(figures[1]), figures[0].median / figures[1].median));
}

}  // namespace

Done bench_pass(const Options& options, const dataplane::Mempool& pool, Loop& loop,
                Report& report) {
  report.heading(
      "pass: cycles a frame, 65,536 in flight, clients in no order, both ways\n"
      "sessions      bytes      gate511      macswap      of it");
  for (const std::uint64_t sessions : options.sessions) {
    auto gateway = Gateway::create({.capacity = sessions, .isa = options.isa}, loop, pool);
    if (!gateway) return tl::unexpected{gateway.error()};
    (*gateway)->let_in(sessions);
    for (const Mix& mix : {k64, k64Tagged, k1500, kImix}) {
      if (options.quick && &mix != &k64 && mix.name != k64.name) continue;
      measure(mix, sessions, **gateway, loop, pool, options, report);
    }
  }
  return {};
}

}  // namespace gate511::bench
