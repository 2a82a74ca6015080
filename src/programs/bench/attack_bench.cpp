// SPDX-License-Identifier: BSD-3-Clause
//
// What an attack costs who has a session. Bursts are of 64 frames, of sessions, of an attack, or in
// turns of both. What a burst of both takes is the attack's as far as its frames take it in bursts
// of their own, and the sessions' for the rest: all that mixing costs is theirs.
#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <array>
#include <stdexcept>
#include <vector>

#include "dataplane/mbuf.hpp"
#include "net/checksum.hpp"
#include "net/frame.hpp"
#include "pipeline/burst.hpp"
#include "programs/bench/bench.hpp"
#include "programs/bench/frames.hpp"
#include "programs/bench/gateway.hpp"
#include "programs/bench/measure.hpp"

namespace gate511::bench {
namespace {

namespace flag = net::tcp_flag;

constexpr std::uint64_t kSessions = 10'000;
constexpr std::size_t kIpAt = 14;

/// Writes the frame of a guest that nobody has seen yet.
using WriteAttack = std::size_t (*)(net::ByteSpan out, std::uint64_t guest, std::uint64_t& random);

std::size_t write_syn(net::ByteSpan out, std::uint64_t guest, std::uint64_t& /*random*/) {
  return write_segment(out, {.client = guest, .flags = flag::kSyn});
}

std::size_t write_guess(net::ByteSpan out, std::uint64_t guest, std::uint64_t& random) {
  return write_segment(out, {.client = guest,
                             .flags = flag::kAck | flag::kPsh,
                             .acknowledgement = static_cast<std::uint32_t>(next_random(random)),
                             .data = "GET / HTTP/1.1\r\n\r\n"});
}

std::size_t write_echo(net::ByteSpan out, std::uint64_t guest, std::uint64_t& /*random*/) {
  return write_ping(out, guest);
}

std::size_t write_fragment(net::ByteSpan out, std::uint64_t guest, std::uint64_t& /*random*/) {
  constexpr std::uint16_t kMoreFragments = 0x2000;
  const std::size_t bytes = write_ping(out, guest);
  net::store_be(out, kIpAt + 6, kMoreFragments);
  net::store_be(out, kIpAt + 10, std::uint16_t{0});
  const auto sum = net::fold(net::sum(net::ByteView{out}.subspan(kIpAt, 20)));
  net::store_be(out, kIpAt + 10, static_cast<std::uint16_t>(~sum));
  return bytes;
}

std::size_t write_arp(net::ByteSpan out, std::uint64_t guest, std::uint64_t& /*random*/) {
  constexpr std::uint64_t kIpv4OverEthernet = 0x0001'0800'0604;
  write_macs(out, net::MacAddress{net::MacAddress::kMask}, client_mac(guest));
  std::fill(out.begin() + 12, out.begin() + net::kMinFrame, std::byte{0});
  net::store_be(out, 12, net::ethertype::kArp);
  net::store_be48(out, kIpAt, kIpv4OverEthernet);
  net::store_be(out, kIpAt + 6, std::uint16_t{1});
  net::store_be48(out, kIpAt + 8, client_mac(guest).value());
  net::store_be(out, kIpAt + 14, static_cast<std::uint32_t>(0xc000'0200 | (guest & 0xff)));
  net::store_be(out, kIpAt + 24, std::uint32_t{0xc000'0201});
  return net::kMinFrame;
}

struct Attack {
  const char* name;
  const char* what;
  WriteAttack write;
};
constexpr std::array kAttacks{Attack{"syn", "SYN, each of another MAC", write_syn},
                              Attack{"guess", "request, guessed cookie", write_guess},
                              Attack{"icmp", "ICMP echo", write_echo},
                              Attack{"fragment", "fragments", write_fragment},
                              Attack{"arp", "ARP, each of another MAC", write_arp}};

/// Cycles of a frame: a session's alone and beside the attack, the attack's own.
struct Cost {
  double alone, beside, attack;
};

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

class Bursts {
 public:
  Bursts(Gateway& gateway, Loop& loop, const dataplane::Mempool& pool, WriteAttack attack)
      : gateway_{gateway}, loop_{loop}, pool_{pool}, attack_{attack} {}

  /// Cycles of a frame, the median of a slice of bursts. The three kinds of bursts take turns, so
  /// that what the attack's frames wait for memory, which changes all the time, is the same in
  /// both.
  Cost cost() {
    std::array<std::vector<double>, 3> took;
    for (std::size_t burst = 0; burst < kBursts; ++burst) {
      took[0].push_back(static_cast<double>(send_one(kAll, 0)));
      took[1].push_back(static_cast<double>(send_one(0, kAll)));
      took[2].push_back(static_cast<double>(send_one(kHalf, kHalf)));
    }
    const double attack = median(took[1]) / kAll;
    return {median(took[0]) / kAll, median(took[2]) / kHalf - attack, attack};
  }

 private:
  static constexpr std::size_t kBursts = 255, kAll = pipeline::kMaxBurst, kHalf = kAll / 2;
  static constexpr std::size_t kMaxFrame = 1514;

  std::uint64_t send_one(std::size_t sessions, std::size_t attackers) {
    std::array<rte_mbuf*, pipeline::kMaxBurst> frames;
    const std::size_t count = sessions + attackers;
    if (rte_pktmbuf_alloc_bulk(pool_.get(), frames.data(), static_cast<unsigned>(count)) != 0)
      std::abort();
    for (std::size_t i = 0; i < count; ++i) {
      const bool attacks = attackers == count || (attackers > 0 && i % 2 == 1);
      const net::ByteSpan out = dataplane::room(frames[i], kMaxFrame);
      dataplane::set_length(frames[i], attacks ? attack_(out, next_++, random_) : write_pass(out));
    }
    loop_.put_access(std::span{frames}.first(count));
    const std::uint64_t begin = rte_rdtsc_precise();
    gateway_.turn();
    const std::uint64_t cycles = rte_rdtsc_precise() - begin;
    for (rte_mbuf* const frame : loop_.take_sent_by_access()) rte_pktmbuf_free(frame);
    const std::vector<rte_mbuf*> passed = loop_.take_sent_by_uplink();
    for (rte_mbuf* const frame : passed) rte_pktmbuf_free(frame);
    if (passed.size() < sessions) throw std::logic_error{"not every session's frame has passed"};
    return cycles;
  }
  std::size_t write_pass(net::ByteSpan out) {
    write_macs(out, kRouter, client_mac(next_below(random_, kSessions)));
    write_udp(out.first(net::kMinFrame), {});
    return net::kMinFrame;
  }

  Gateway& gateway_;
  Loop& loop_;
  const dataplane::Mempool& pool_;
  WriteAttack attack_;
  std::uint64_t random_ = 511;
  std::uint64_t next_ = kSessions;  ///< guest that nobody has seen yet
};

}  // namespace

Done bench_attack(const Options& options, const dataplane::Mempool& pool, Loop& loop,
                  Report& report) {
  report.heading(
      "attack: cycles a frame of 10,000 sessions, every second frame of a burst being an attack's\n"
      "                                  alone          beside      rise    attack's own");
  auto gateway = Gateway::create(
      {.capacity = kSessions, .both_directions = false, .isa = options.isa}, loop, pool);
  if (!gateway) return tl::unexpected{gateway.error()};
  (*gateway)->let_in(kSessions);
  for (const Attack& attack : kAttacks) {
    Bursts bursts{**gateway, loop, pool, attack.write};
    std::array<std::vector<double>, 3> rounds;
    for (unsigned round = 0; round < options.rounds; ++round) {
      const Cost cost = bursts.cost();
      rounds[0].push_back(cost.alone);
      rounds[1].push_back(cost.beside);
      rounds[2].push_back(cost.attack);
    }
    const Cost cost{median(rounds[0]), median(rounds[1]), median(rounds[2])};
    const double rise = cost.beside / cost.alone - 1;
    report.add({{"name", "attack"},
                {"attack", attack.name},
                {"session_cycles", rounded(cost.alone)},
                {"session_cycles_beside_attack", rounded(cost.beside)},
                {"attack_cycles", rounded(cost.attack)}},
               fmt::format("{:<26} {:>12.1f} {:>15.1f} {:>+8.0f} % {:>14.1f}", attack.what,
                           cost.alone, cost.beside, rise * 100, cost.attack));
  }
  return {};
}

}  // namespace gate511::bench
