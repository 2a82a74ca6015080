// SPDX-License-Identifier: BSD-3-Clause
//
// A burst of frames through parse, look-up, decide and act. One Pipeline a worker; a Burst is
// worked on in whole-burst phases.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "http/answer_counters.hpp"
#include "pipeline/burst.hpp"
#include "pipeline/capport_teller.hpp"
#include "pipeline/garden_learner.hpp"
#include "pipeline/sighting.hpp"
#include "pipeline/zone_counters.hpp"
#include "policy/dhcp_requests.hpp"
#include "policy/dhcp_servers.hpp"
#include "policy/garden_flows.hpp"
#include "policy/guest_budgets.hpp"
#include "policy/guest_rules.hpp"
#include "policy/infrastructure.hpp"
#include "policy/permits.hpp"
#include "policy/refusals.hpp"
#include "policy/snapshot.hpp"
#include "policy/verdict.hpp"
#include "responder/cookie.hpp"
#include "responder/tcp_responder.hpp"
#include "table/binding.hpp"
#include "table/key_numbers.hpp"
#include "table/policer.hpp"
#include "table/session_counters.hpp"
#include "table/session_table.hpp"

namespace gate511::pipeline {

/// What all workers read. Pointers are followed anew for each burst, so that the control thread
/// can swap what they point to and free the old after a grace period.
struct Shared {
  const table::SessionTable* table;
  std::atomic<const policy::Snapshot*> snapshot{nullptr};
  std::atomic<const policy::Infrastructure*> known{&kNothingKnown};
  std::atomic<const policy::OpenedGarden*> opened{&kNothingOpened};
  std::atomic<const responder::CookieKeys*> cookie_keys{nullptr};
  std::atomic<std::uint32_t> unix_s{0};  ///< set by the control thread at least once a second
  /// Zone numbers that were ever given lie below it: the control thread's bound for what it sums.
  std::atomic<std::uint16_t> zones_used{policy::kMaxZones};
  std::span<table::Policer> policers{};  ///< by slot; written by the workers, for those with a rate
  std::span<table::BindingPlace> bindings{};  ///< by slot; read for those that are bound
  /// By link; set before the workers start, and not changed.
  std::array<const table::KeyNumbers*, policy::kMaxLinks> key_numbers;
  policy::DhcpServers dhcp_servers;    ///< written by who learns of a server not yet known
  policy::DhcpRequests dhcp_requests;  ///< written by the workers
  policy::Permits permits;             ///< written by the garden thread
  std::atomic<bool> learns{false};     ///< some zone's garden has hosts; set by the control thread

  static inline const policy::Infrastructure kNothingKnown{};
  static inline const policy::OpenedGarden kNothingOpened{};

  Shared(const table::SessionTable& sessions, net::SipKey seed) noexcept
      : table{&sessions}, dhcp_servers{seed}, dhcp_requests{seed}, permits{seed} {
    key_numbers.fill(&table::kNoKeyNumbers);
  }
};

/// One worker's pipeline. Used by that worker alone, but for `counters`, which the control thread
/// reads with relaxed loads.
class Pipeline {
 public:
  /// `shared` and `sessions`, this worker's counters, indexed like the table's slots, outlive the
  /// pipeline. `worker` makes nonces differ between workers; `seed` is secret.
  Pipeline(Shared& shared, std::span<table::SessionCounters> sessions, std::uint8_t worker,
           std::uint64_t seed);

  /// Parse, look-up, decide: gives each frame a verdict and puts it on one of the lists.
  void run(Burst& burst, Now now) noexcept;

  /// Writes the reply to the burst's frame `i`, which is on its `reply` list, to `out` (at least
  /// responder::kMaxReply bytes) and returns its length. To be sent out of the port that the frame
  /// came in by.
  [[nodiscard]] std::size_t write_reply(const Burst& burst, std::size_t i, Now now,
                                        std::span<std::byte> out) noexcept;

  /// Puts the captive-portal option into the burst's frame `i`, which is on its `announce` list, if
  /// it can be: CapportTeller::tell(). Before it is transmitted.
  [[nodiscard]] std::size_t announce(const Burst& burst, std::size_t i, net::ByteSpan room,
                                     Now now) noexcept {
    return teller_.tell(burst, i, room, now);
  }

  /// Counts each frame's final verdict. The worker calls it after transmission, when it has
  /// set the verdict of what could not be sent to kTxFull or kNoMbuf. Reads no frame.
  void account(const Burst& burst) noexcept;

  /// Frames by link, zone and verdict since start.
  [[nodiscard]] const ZoneCounters& counters() const noexcept { return counters_; }

  /// Answers since start, as they were written.
  [[nodiscard]] const http::AnswerCounters& answers() const noexcept { return answers_; }

  /// The clients seen, for the control thread.
  [[nodiscard]] SightingReporter& sightings() noexcept { return sightings_; }
  [[nodiscard]] const SightingReporter& sightings() const noexcept { return sightings_; }
  /// What the uplink told of routers, and what the guards dropped or bound sessions may not: for
  /// the control thread.
  [[nodiscard]] SightingReporter& uplink() noexcept { return uplink_; }
  [[nodiscard]] const SightingReporter& uplink() const noexcept { return uplink_; }
  [[nodiscard]] SightingReporter& guarded() noexcept { return guarded_; }
  [[nodiscard]] const SightingReporter& guarded() const noexcept { return guarded_; }
  [[nodiscard]] CapportTeller& teller() noexcept { return teller_; }
  [[nodiscard]] const CapportTeller& teller() const noexcept { return teller_; }
  /// A frame that was held has become this: it is counted as such, and held no more.
  void account_released(const Released& released, policy::Verdict verdict) noexcept;
  /// What the garden thread serves, and whose held frames the worker sends on.
  [[nodiscard]] GardenLearner& learner() noexcept { return learner_; }
  [[nodiscard]] const GardenLearner& learner() const noexcept { return learner_; }

 private:
  void look_out(const Burst& burst, Now now) noexcept;
  void note_lease(const Burst& burst, const Sighting& seen) noexcept;
  void pass_sessions(Burst& burst) noexcept;
  void prefetch_budgets(const Burst& burst) const noexcept;
  template <Direction direction>
  void count_frames(const Burst& burst) noexcept;
  [[nodiscard]] policy::Verdict judge_session(Burst& burst, std::size_t i, Now now) noexcept;
  [[nodiscard]] policy::Verdict judge_bound(Burst& burst, std::size_t i, Now now) noexcept;
  [[nodiscard]] std::optional<policy::Verdict> judge_begun(Burst& burst, std::size_t i,
                                                           Now now) noexcept;
  [[nodiscard]] policy::Verdict judge_in_zone(Burst& burst, std::size_t i, Now now) noexcept;
  /// Each writes the burst's plan for frame `i` where its verdict is an answer.
  [[nodiscard]] policy::Verdict judge(Burst& burst, std::size_t i, Now now) noexcept;
  [[nodiscard]] std::optional<policy::Verdict> guard(const Burst& burst, std::size_t i,
                                                     Now now) noexcept;
  [[nodiscard]] policy::Verdict judge_from_guest(Burst& burst, std::size_t i, Now now) noexcept;
  [[nodiscard]] policy::Verdict judge_to_guest(Burst& burst, std::size_t i, Now now) noexcept;
  [[nodiscard]] policy::Verdict respond(Burst& burst, std::size_t i, const net::Packet& packet,
                                        responder::Service service, Now now) noexcept;
  [[nodiscard]] policy::Verdict refuse(Burst& burst, std::size_t i, const net::Packet& packet,
                                       policy::Verdict verdict, Now now) noexcept;
  [[nodiscard]] responder::ConnectionId connection_of(const Burst& burst, std::size_t i,
                                                      const net::Packet& packet) const noexcept;
  [[nodiscard]] policy::RuleContext rules(const Burst& burst, std::size_t i) const noexcept {
    return {burst.snapshot->zone(burst.zone[i]),
            *burst.opened,
            shared_.permits,
            shared_.unix_s.load(std::memory_order_relaxed),
            burst.link,
            shared_.dhcp_servers,
            burst.snapshot->scratch_of(worker_)};
  }
  [[nodiscard]] bool learn(const Burst& burst, std::size_t i, const net::Packet& packet,
                           Now now) noexcept;
  [[nodiscard]] policy::Verdict judge_garden(const Burst& burst, std::size_t i,
                                             const net::Packet& packet, Now now) noexcept;
  [[nodiscard]] policy::Refusals refusals(const Burst& burst, std::size_t i, Now now) noexcept;
  [[nodiscard]] std::uint32_t nonce() noexcept;

  Shared& shared_;
  std::span<table::SessionCounters> sessions_;
  std::uint8_t worker_;
  std::uint32_t nonces_;  ///< starts anywhere, so that a restart does not repeat them
  policy::TokenBucket refusals_;
  policy::TokenBucket refusals_not_made_;  ///< of zones that are monitored
  policy::GuestBudgets budgets_;
  policy::GardenFlows garden_flows_;
  GardenLearner learner_;
  SightingReporter sightings_;
  SightingReporter uplink_;
  SightingReporter guarded_;
  CapportTeller teller_;
  ZoneCounters counters_;
  http::AnswerCounters answers_;
};

}  // namespace gate511::pipeline
