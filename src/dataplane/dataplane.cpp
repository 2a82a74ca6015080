// SPDX-License-Identifier: BSD-3-Clause
//
// Order of construction: EAL, ports found, packet buffers, session memory, quiescent states; then,
// with the table filled, ports started, and at last workers launched.
#include "dataplane/dataplane.hpp"

#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_launch.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <thread>

#include "dataplane/captured_output.hpp"
#include "dataplane/lcores.hpp"
#include "responder/reply_writer.hpp"

namespace gate511::dataplane {
namespace {

// What a queue of the greediest driver holds each way: AF_XDP's rings of 2048.
constexpr unsigned kMbufsPerQueue = 2 * 2048;
// Bursts in hand, caches, and what waits for the garden thread.
constexpr unsigned kMbufsPerWorker = 1024 + pipeline::GardenLearner::kMaxHeld;
// EAL itself, the drivers' rings and queues.
constexpr std::size_t kDriversMib = 64;
constexpr std::uint64_t kSeedStep = 0x9e37'79b9'7f4a'7c15;  // between the workers' seeds
constexpr std::chrono::milliseconds kStopPatience{800};

unsigned mbufs_for(std::size_t links, std::size_t workers) {
  return static_cast<unsigned>(links * 2 * workers * kMbufsPerQueue + workers * kMbufsPerWorker);
}

/// Before EAL has started: the lcores of the configuration without the first.
std::size_t likely_workers(const std::string& lcores) {
  const auto parsed = parse_lcores(lcores);
  return parsed ? std::max<std::size_t>(parsed->ids.size(), 2) - 1 : 1;
}

int run_worker(void* worker) {
  static_cast<Worker*>(worker)->run();
  return 0;
}

tl::expected<std::vector<Link>, Error> find_links(const std::vector<LinkOptions>& options) {
  std::set<std::string> taken;
  for (const LinkOptions& link : options) {
    for (const std::string& port : {link.access, link.uplink}) {
      const auto name = Port::full_name(port);
      if (!name) return tl::unexpected{name.error()};
      if (!taken.insert(*name).second) {
        return tl::unexpected{Error{"link " + link.name,
                                    fmt::format("port {} is used twice", *name),
                                    "each port is one end of one link"}};
      }
    }
  }
  std::vector<Link> links;
  for (const LinkOptions& link : options) {
    auto found = Link::find(link, static_cast<std::uint8_t>(links.size()));
    if (!found) return tl::unexpected{found.error()};
    links.push_back(std::move(*found));
  }
  return links;
}

}  // namespace

tl::expected<std::unique_ptr<Dataplane>, Error> Dataplane::open(const Options& options) {
  if (options.mbuf_bytes < responder::kMaxReply) {
    return tl::unexpected{Error{"mbuf_bytes",
                                fmt::format("{} bytes hold no reply", options.mbuf_bytes),
                                fmt::format("give {} or more", responder::kMaxReply)}};
  }
  const std::size_t likely = likely_workers(options.lcores);
  auto eal = Eal::start(
      {.args = options.eal_args,
       .lcores = options.lcores,
       .memory_mib = SessionMemory::mib(options.session_capacity, likely) +
                     Mempool::mib(mbufs_for(options.links.size(), likely), options.mbuf_bytes) +
                     kDriversMib,
       .dumpcap = options.dumpcap});
  if (!eal) return tl::unexpected{eal.error()};
  const CapturedOutput output{eal->quiet()};

  auto links = find_links(options.links);
  if (!links) return tl::unexpected{links.error()};
  // Without RSS a link is one worker's, so no more workers than links have anything to do.
  std::vector<unsigned> lcores = Eal::worker_lcores();
  const bool spread = std::any_of(links->begin(), links->end(),
                                  [&](const Link& link) { return link.offers_rss(lcores.size()); });
  if (!spread) lcores.resize(std::min(lcores.size(), links->size()));

  auto pool = Mempool::create(mbufs_for(links->size(), lcores.size()), options.mbuf_bytes);
  if (!pool) return tl::unexpected{pool.error()};
  auto sessions = SessionMemory::take(options.session_capacity, lcores.size());
  if (!sessions) return tl::unexpected{sessions.error()};
  auto qsbr = Qsbr::create(static_cast<unsigned>(lcores.size()));
  if (!qsbr) return tl::unexpected{qsbr.error()};
  return std::unique_ptr<Dataplane>{new Dataplane{std::move(*eal), std::move(lcores),
                                                  std::move(*pool), std::move(*sessions),
                                                  std::move(*qsbr), std::move(*links)}};
}

Dataplane::Dataplane(Eal eal, std::vector<unsigned> lcores, Mempool pool, SessionMemory sessions,
                     std::unique_ptr<Qsbr> qsbr, std::vector<Link> links)
    : eal_{std::move(eal)},
      lcores_{std::move(lcores)},
      pool_{std::move(pool)},
      sessions_{std::move(sessions)},
      qsbr_{std::move(qsbr)},
      links_{std::move(links)} {}

Dataplane::~Dataplane() {
  if (!stop()) std::_Exit(EXIT_FAILURE);
  const CapturedOutput output{eal_.quiet()};
  workers_.clear();
  links_.clear();  // closing ports, some drivers' libraries talk
}

tl::expected<void, Error> Dataplane::start_ports(pipeline::Shared& shared, std::uint64_t seed) {
  std::vector<WorkerSetup> setups(lcores_.size());
  for (unsigned i = 0; i < setups.size(); ++i) {
    setups[i].number = i;
    setups[i].lcore = lcores_[i];
    setups[i].seed = seed + i * kSeedStep;
  }
  {
    const CapturedOutput output{eal_.quiet()};
    for (Link& link : links_) {
      if (auto started = link.start(lcores_.size(), pool_); !started) return started;
      link.deal(setups);
    }
  }
  for (WorkerSetup& setup : setups) {
    if (setup.lanes.empty()) continue;
    const unsigned number = setup.number;
    workers_.push_back(std::make_unique<Worker>(std::move(setup), shared,
                                                sessions_.counters(number), *qsbr_, pool_));
  }
  garden_ = std::make_unique<GardenThread>(shared, workers_);
  return {};
}

tl::expected<void, Error> Dataplane::start_workers() {
  for (const auto& worker : workers_) {
    if (rte_eal_remote_launch(run_worker, worker.get(), worker->lcore()) != 0) {
      return tl::unexpected{Error{"dpdk.lcores",
                                  fmt::format("lcore {} takes no worker", worker->lcore()),
                                  "see whether dpdk.args gives it another job"}};
    }
  }
  return {};
}

tl::expected<void, Error> Dataplane::stop() {
  for (const auto& worker : workers_) worker->stop();
  const auto deadline = std::chrono::steady_clock::now() + kStopPatience;
  for (const auto& worker : workers_) {
    while (rte_eal_get_lcore_state(worker->lcore()) == RUNNING) {
      if (std::chrono::steady_clock::now() > deadline) {
        return tl::unexpected{Error{"lcore " + std::to_string(worker->lcore()),
                                    "its worker does not come back from a port's driver",
                                    "end the process; nothing is left to save"}};
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    rte_eal_wait_lcore(worker->lcore());
  }
  garden_.reset();
  for (const auto& worker : workers_) worker->drop_held();
  const CapturedOutput output{eal_.quiet()};
  for (Link& link : links_) link.stop();
  return {};
}

std::vector<std::string> Dataplane::notices() const {
  std::vector<std::string> notices;
  if (!eal_.notice().empty()) notices.push_back(eal_.notice());
  for (const Link& link : links_) {
    if (!link.notice().empty()) notices.push_back(link.notice());
    for (const PortStatus& port : link.status()) {
      if (!port.up)
        notices.push_back(
            fmt::format("port {}: its link is down; no frame passes until it is up", port.name));
    }
  }
  if (const std::size_t all = Eal::worker_lcores().size(); workers_.size() < all) {
    notices.push_back(fmt::format(
        "dpdk.lcores: {} of {} workers have nothing to do: without symmetric RSS a link "
        "is one worker's; take them out of dpdk.lcores",
        all - workers_.size(), all));
  }
  return notices;
}

std::vector<std::string> Dataplane::follow_carriers() {
  std::vector<std::string> done;
  for (Link& link : links_) {
    if (std::string one = link.follow_carrier(); !one.empty()) done.push_back(std::move(one));
  }
  return done;
}

Stats Dataplane::stats() const {
  Stats stats;
  const auto up = std::chrono::steady_clock::now() - started_at_;
  stats.uptime_s =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(up).count());
  stats.mbufs_total = pool_.size();
  stats.mbufs_in_use = pool_.in_use();
  stats.huge_pages = eal_.huge_pages();
  stats.tsc_hz = rte_get_tsc_hz();
  for (const auto& worker : workers_) stats.workers.push_back(worker->status());
  if (garden_) stats.opened = garden_->opener().counts();
  return stats;
}

std::vector<PortStatus> Dataplane::ports() const {
  std::vector<PortStatus> ports;
  for (const Link& link : links_) {
    for (PortStatus& port : link.status()) ports.push_back(std::move(port));
  }
  return ports;
}

template <class Seen>
std::size_t Dataplane::take_from(ReporterOf<Seen> reporter, std::span<Seen> out) noexcept {
  std::size_t taken = 0;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    next_seen_ = next_seen_ + 1 < workers_.size() ? next_seen_ + 1 : 0;
    taken += (*workers_[next_seen_].*reporter)().take(out.subspan(taken));
  }
  return taken;
}

std::size_t Dataplane::take_sightings(std::span<pipeline::Sighting> out) noexcept {
  return take_from(&Worker::sightings, out);
}

std::size_t Dataplane::take_uplink(std::span<pipeline::Sighting> out) noexcept {
  return take_from(&Worker::uplink_sightings, out);
}

std::size_t Dataplane::take_learnt(std::span<pipeline::Learnt> out) noexcept {
  return garden_ ? garden_->opener().take(out) : 0;
}

std::size_t Dataplane::take_guarded(std::span<pipeline::Sighting> out) noexcept {
  return take_from(&Worker::guarded, out);
}

std::size_t Dataplane::take_announced(std::span<pipeline::Announced> out) noexcept {
  return take_from(&Worker::announced, out);
}

void Dataplane::set_tap(std::size_t worker, pipeline::Tap* tap) {
  workers_[worker]->set_tap(tap);
}

std::vector<ZoneStatus> Dataplane::zones() const {
  std::vector<ZoneStatus> zones;
  for (const auto& worker : workers_) worker->add_zones(zones);
  return zones;
}

table::TrafficCounts Dataplane::session_traffic(std::uint32_t index) const {
  table::TrafficCounts sum;
  for (std::size_t worker = 0; worker < lcores_.size(); ++worker) {
    sum += sessions_.counters(worker)[index].read();
  }
  return sum;
}

}  // namespace gate511::dataplane
