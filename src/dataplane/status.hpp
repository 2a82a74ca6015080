// SPDX-License-Identifier: BSD-3-Clause
//
// What the data plane tells of itself: plain numbers, without a DPDK type, so that the control
// plane's protocol can be built and tested without DPDK.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/delays.hpp"
#include "http/answer_counters.hpp"
#include "pipeline/capport_teller.hpp"
#include "pipeline/garden_opener.hpp"
#include "policy/verdict.hpp"
#include "table/session_counters.hpp"

namespace gate511::dataplane {

using VerdictCounts = std::array<std::uint64_t, policy::kVerdictCount>;

struct PortStatus {
  std::string name;  ///< DPDK port name
  std::string link;  ///< name of the link
  std::string role;  ///< "access" or "uplink"
  std::string driver;
  std::string mac;
  bool up = false;
  std::uint64_t speed_mbps = 0;  ///< 0: unknown
  std::uint16_t mtu = 0;         ///< bytes
  std::uint16_t queues = 0;
  bool sums_tcp = false;  ///< makes the TCP checksums of pages
  std::uint64_t rx_packets = 0, rx_bytes = 0, rx_errors = 0;
  std::uint64_t rx_missed = 0;   ///< found no room in the port, or no mbuf
  std::uint64_t rx_no_mbuf = 0;  ///< of those: no mbuf
  std::uint64_t tx_packets = 0, tx_bytes = 0, tx_errors = 0;
};

/// Bursts by their frames: 1, 2, up to 4, 8, ...; a class holds what is in none before it.
inline constexpr std::size_t kFillClasses = 7;
using FillCounts = std::array<std::uint64_t, kFillClasses>;
[[nodiscard]] constexpr std::size_t fill_class(std::uint16_t frames) noexcept {
  return static_cast<std::size_t>(std::bit_width(static_cast<unsigned>(frames) - 1U));
}

/// Reports that found no room in a ring and were dropped, since the start.
struct RingDrops {
  std::uint64_t clients = 0;  ///< clients seen
  std::uint64_t uplink = 0;   ///< routers and DHCP servers seen
  std::uint64_t guards = 0;   ///< frames that guards dropped
  std::uint64_t capport = 0;  ///< clients told of the portal's API

  RingDrops& operator+=(const RingDrops& other) noexcept {
    clients += other.clients;
    uplink += other.uplink;
    guards += other.guards;
    capport += other.capport;
    return *this;
  }
};

struct WorkerStatus {
  unsigned lcore = 0;
  std::uint64_t loops = 0;        ///< main loop turns
  std::uint64_t bursts = 0;       ///< bursts with at least one frame
  std::uint64_t frames_in = 0;    ///< frames received from ports
  std::uint64_t replies = 0;      ///< frames of our own transmitted
  std::uint64_t busy_cycles = 0;  ///< of the time-stamp counter, in turns that had a frame
  FillCounts fill{};              ///< of `bursts`
  RingDrops ring_drops{};
  pipeline::LearntCounts learnt{};  ///< of the garden's hosts
  DelayCounts held_for{};           ///< answers that waited for that, by how long
  pipeline::CapportCounts capport{};
  VerdictCounts verdicts{};      ///< one for each frame in
  http::AnswerCounts answers{};  ///< as they were written

  /// What was counted; the lcore stays.
  WorkerStatus& operator+=(const WorkerStatus& other) noexcept {
    const auto add = [](auto& mine, const auto& others) {
      for (std::size_t i = 0; i < mine.size(); ++i) mine[i] += others[i];
    };
    loops += other.loops;
    bursts += other.bursts;
    frames_in += other.frames_in;
    replies += other.replies;
    busy_cycles += other.busy_cycles;
    add(fill, other.fill);
    ring_drops += other.ring_drops;
    learnt.answers += other.learnt.answers;
    learnt.refused += other.learnt.refused;
    learnt.unasked += other.learnt.unasked;
    learnt.unlearnt += other.learnt.unlearnt;
    held_for += other.held_for;
    for (std::size_t i = 0; i < capport.size(); ++i) add(capport[i], other.capport[i]);
    add(verdicts, other.verdicts);
    answers += other.answers;
    return *this;
  }
};

/// What one worker counted in a zone, which has a number as long as the daemon runs.
struct ZoneStatus {
  unsigned lcore = 0;
  std::uint8_t link = 0;  ///< number of the link; said of the default zone, 0, which all have
  std::uint8_t zone = 0;
  VerdictCounts counted{};     ///< one for each frame in
  VerdictCounts would_have{};  ///< beside it, for each frame while the zone was monitored
};

struct Stats {
  std::uint64_t uptime_s = 0;
  std::uint32_t mbufs_total = 0;
  std::uint32_t mbufs_in_use = 0;
  bool huge_pages = false;
  std::uint64_t tsc_hz = 0;       ///< cycles a second of the time-stamp counter
  pipeline::OpenedCounts opened;  ///< by the garden thread
  std::vector<WorkerStatus> workers;
};

/// Asked by the control thread.
class StatusSource {
 public:
  StatusSource() = default;
  StatusSource(const StatusSource&) = delete;
  StatusSource& operator=(const StatusSource&) = delete;
  virtual ~StatusSource() = default;

  [[nodiscard]] virtual Stats stats() const = 0;
  [[nodiscard]] virtual std::vector<PortStatus> ports() const = 0;
  /// By worker, link and zone, where anything was counted.
  [[nodiscard]] virtual std::vector<ZoneStatus> zones() const = 0;
  /// The sum over all workers of what stands at `index` of their session counters.
  [[nodiscard]] virtual table::TrafficCounts session_traffic(std::uint32_t index) const = 0;
};

}  // namespace gate511::dataplane
