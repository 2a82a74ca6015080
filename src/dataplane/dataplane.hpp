// SPDX-License-Identifier: BSD-3-Clause
//
// The data plane as the daemon sees it: everything that lives on DPDK, built in order and taken
// down in the reverse order. Used by the control thread.
#pragma once

#include <tl/expected.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/clock.hpp"
#include "dataplane/eal.hpp"
#include "dataplane/garden_thread.hpp"
#include "dataplane/link.hpp"
#include "dataplane/mempool.hpp"
#include "dataplane/options.hpp"
#include "dataplane/qsbr.hpp"
#include "dataplane/session_memory.hpp"
#include "dataplane/sighting_source.hpp"
#include "dataplane/status.hpp"
#include "dataplane/tap_source.hpp"
#include "dataplane/worker.hpp"
#include "gate511/error.hpp"
#include "pipeline/pipeline.hpp"

namespace gate511::dataplane {

class Dataplane final : public StatusSource, public SightingSource, public TapSource {
 public:
  /// Starts EAL, finds the ports and takes all memory. No frame moves yet.
  [[nodiscard]] static tl::expected<std::unique_ptr<Dataplane>, Error> open(const Options& options);
  /// Stops. Ends the process where a worker hangs in a driver: nothing it uses could be freed.
  ~Dataplane() override;

  /// Zero, for a SessionTable of the capacity asked for.
  [[nodiscard]] std::span<table::Bucket> buckets() const { return sessions_.buckets(); }
  /// By that table's slots.
  [[nodiscard]] std::span<table::Policer> policers() const { return sessions_.policers(); }
  [[nodiscard]] std::span<table::BindingPlace> bindings() const { return sessions_.bindings(); }
  [[nodiscard]] table::GracePeriod& grace() { return *qsbr_; }

  /// Starts the ports, once, and all that workers need. `shared` is filled, and
  /// outlives this object or stop(). `seed` is secret.
  [[nodiscard]] tl::expected<void, Error> start_ports(pipeline::Shared& shared, std::uint64_t seed);
  /// Then frames move.
  [[nodiscard]] tl::expected<void, Error> start_workers();
  /// Stops workers, then ports; well under a second. An error names a worker that hangs.
  [[nodiscard]] tl::expected<void, Error> stop();

  /// Passes the loss of a carrier on, by links that are to; what was done, a line each. A few times
  /// a second, from the control thread.
  [[nodiscard]] std::vector<std::string> follow_carriers();

  [[nodiscard]] bool huge_pages() const { return eal_.huge_pages(); }
  [[nodiscard]] std::size_t workers() const { return workers_.size(); }
  /// What runs otherwise than an operator may expect, a line each.
  [[nodiscard]] std::vector<std::string> notices() const;

  [[nodiscard]] Stats stats() const override;
  [[nodiscard]] std::vector<PortStatus> ports() const override;
  [[nodiscard]] std::vector<ZoneStatus> zones() const override;
  [[nodiscard]] table::TrafficCounts session_traffic(std::uint32_t index) const override;
  [[nodiscard]] std::size_t take_sightings(std::span<pipeline::Sighting> out) noexcept override;
  [[nodiscard]] std::size_t take_uplink(std::span<pipeline::Sighting> out) noexcept override;
  [[nodiscard]] std::size_t take_learnt(std::span<pipeline::Learnt> out) noexcept override;
  [[nodiscard]] std::size_t take_guarded(std::span<pipeline::Sighting> out) noexcept override;
  [[nodiscard]] std::size_t take_announced(std::span<pipeline::Announced> out) noexcept override;
  [[nodiscard]] std::size_t tappable() const override { return workers_.size(); }
  void set_tap(std::size_t worker, pipeline::Tap* tap) override;
  [[nodiscard]] std::uint64_t tap_clock_ns() const override { return clock_.now_ns(); }

 private:
  template <class Seen>
  using ReporterOf = pipeline::Reporter<Seen>& (Worker::*)();
  template <class Seen>
  std::size_t take_from(ReporterOf<Seen> reporter, std::span<Seen> out) noexcept;

  Dataplane(Eal eal, std::vector<unsigned> lcores, Mempool pool, SessionMemory sessions,
            std::unique_ptr<Qsbr> qsbr, std::vector<Link> links);

  Eal eal_;
  TscClock clock_;
  std::vector<unsigned> lcores_;  ///< that may get a worker
  Mempool pool_;
  SessionMemory sessions_;
  std::unique_ptr<Qsbr> qsbr_;
  std::vector<Link> links_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<GardenThread> garden_;  ///< ends before the workers it serves
  std::size_t next_seen_ = 0;             ///< the worker whose sightings are taken first, in turn
  std::chrono::steady_clock::time_point started_at_ = std::chrono::steady_clock::now();
};

}  // namespace gate511::dataplane
