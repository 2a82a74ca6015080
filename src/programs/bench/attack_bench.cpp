// SPDX-License-Identifier: BSD-3-Clause
//
// What an attack costs who has a session: the cycles that 32 frames of sessions add to a burst of
// 32 frames of an attack, beside what they add to a burst of 32 of sessions.
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

class Bursts {
 public:
  Bursts(Gateway& gateway, Loop& loop, const dataplane::Mempool& pool, WriteAttack attack)
      : gateway_{gateway}, loop_{loop}, pool_{pool}, attack_{attack} {}

  /// Cycles of a burst of so many frames of sessions and of the attack, in turns as far as there
  /// are both: the mean of a slice of bursts.
  double send(std::size_t sessions, std::size_t attackers) {
    std::uint64_t cycles = 0;
    for (std::size_t burst = 0; burst < kBursts; ++burst) cycles += send_one(sessions, attackers);
    return static_cast<double>(cycles) / kBursts;
  }

 private:
  static constexpr std::size_t kBursts = 64;
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
      "attack: cycles that 32 frames of sessions add to a burst of 32 others, a frame; 10,000 "
      "sessions\n"
      "                           to sessions'  to an attack's      rise    attack's own");
  auto gateway = Gateway::create(
      {.capacity = kSessions, .both_directions = false, .isa = options.isa}, loop, pool);
  if (!gateway) return tl::unexpected{gateway.error()};
  (*gateway)->let_in(kSessions);
  constexpr std::size_t kHalf = pipeline::kMaxBurst / 2;
  for (const Attack& attack : kAttacks) {
    Bursts bursts{**gateway, loop, pool, attack.write};
    const std::array<Contender, 4> contenders{
        [&] { return bursts.send(kHalf, 0); }, [&] { return bursts.send(2 * kHalf, 0); },
        [&] { return bursts.send(0, kHalf); }, [&] { return bursts.send(kHalf, kHalf); }};
    constexpr unsigned kTimes = 20;  // a slice is short
    const auto figures = take_turns(contenders, options.rounds * kTimes);
    const double beside_sessions = (figures[1].median - figures[0].median) / kHalf;
    const double beside_attack = (figures[3].median - figures[2].median) / kHalf;
    const double rise = beside_attack / beside_sessions - 1;
    report.add({{"name", "attack"},
                {"attack", attack.name},
                {"session_cycles", rounded(beside_sessions)},
                {"session_cycles_beside_attack", rounded(beside_attack)},
                {"attack_cycles", rounded(figures[2].median / kHalf)}},
               fmt::format("{:<26} {:>12.1f} {:>15.1f} {:>+8.0f} % {:>14.1f}", attack.what,
                           beside_sessions, beside_attack, rise * 100, figures[2].median / kHalf));
  }
  return {};
}

}  // namespace gate511::bench
