// SPDX-License-Identifier: BSD-3-Clause
#include "programs/bench/gateway.hpp"

#include <fmt/format.h>
#include <rte_launch.h>

#include "control/snapshot_builder.hpp"
#include "programs/bench/frames.hpp"
#include "programs/random.hpp"

namespace gate511::bench {
namespace {

constexpr std::size_t kMaxFrameOut = 1522;

std::string config_text(std::size_t capacity) {
  return fmt::format(R"(
[[link]]
name = "bench"
access = "bench_access"
uplink = "bench_uplink"
[[zone]]
name = "second"
link = "bench"
vlans = [{}]
[sessions]
capacity = {}
[portal]
url = "http://192.0.2.10/login"
secret_file = "/dev/null"
[response]
network_name = "Example Wi-Fi"
[guest]
resolvers = ["192.0.2.53", "2001:db8::53"]
[garden]
cidrs = ["192.0.2.10/32"]
)",
                     kZoneVlan, capacity);
}

tl::expected<std::unique_ptr<const policy::Snapshot>, Error> snapshot(std::size_t capacity) {
  const auto config = control::parse_config(config_text(capacity), "gate511-bench");
  if (!config) return tl::unexpected{config.error()};
  return control::build_snapshot(*config, control::ZoneNumbers{}.with(config->zones),
                                 http::LinkKey{net::as_bytes("0123456789abcdef0123456789abcdef")});
}

}  // namespace

Gateway::Gateway(dataplane::SessionMemory memory, std::unique_ptr<dataplane::Qsbr> readers,
                 std::unique_ptr<const policy::Snapshot> snapshot, const Setup& setup)
    : memory_{std::move(memory)},
      readers_{std::move(readers)},
      snapshot_{std::move(snapshot)},
      table_{memory_.buckets(), setup.capacity, random_value<table::HashSeed>(), setup.isa},
      shared_{table_, random_value<net::SipKey>()} {
  for (net::SipKey& key : keys_.key) key = random_value<net::SipKey>();
  shared_.snapshot = snapshot_.get();
  shared_.cookie_keys = &keys_;
  shared_.policers = memory_.policers();
  shared_.bindings = memory_.bindings();
}

tl::expected<std::unique_ptr<Gateway>, Error> Gateway::create(const Setup& setup, const Loop& loop,
                                                              const dataplane::Mempool& pool) {
  auto memory = dataplane::SessionMemory::take(setup.capacity, 1);
  if (!memory) return tl::unexpected{memory.error()};
  auto readers = dataplane::Qsbr::create(1);
  if (!readers) return tl::unexpected{readers.error()};
  auto policy = snapshot(setup.capacity);
  if (!policy) return tl::unexpected{policy.error()};
  std::unique_ptr<Gateway> gateway{
      new Gateway{std::move(*memory), std::move(*readers), std::move(*policy), setup}};
  using pipeline::Direction;
  constexpr dataplane::QueueId kQueue{0};
  dataplane::WorkerSetup worker;
  worker.seed = random_value<std::uint64_t>();
  worker.lanes.push_back({loop.access(), loop.uplink(), kQueue, Direction::kFromAccess, 0,
                          kMaxFrameOut, 1, setup.port_sums});
  if (setup.both_directions) {
    worker.lanes.push_back(
        {loop.uplink(), loop.access(), kQueue, Direction::kFromUplink, 0, kMaxFrameOut, 1});
  }
  gateway->readers_->enter(0);
  gateway->worker_ = std::make_unique<dataplane::Worker>(
      std::move(worker), gateway->shared_, gateway->memory_.counters(0), *gateway->readers_, pool);
  return gateway;
}

void Gateway::start(unsigned lcore) {
  readers_->leave(0);  // the worker enters by itself
  lcore_ = lcore;
  const auto run = [](void* worker) {
    static_cast<dataplane::Worker*>(worker)->run();
    return 0;
  };
  if (rte_eal_remote_launch(run, worker_.get(), lcore) != 0) std::abort();
}

void Gateway::stop() {
  worker_->stop();
  rte_eal_wait_lcore(lcore_);
}

void Gateway::let_in(std::size_t count) {
  for (std::size_t n = 0; n < count; ++n) {
    if (!table_.insert({client_mac(n), 0}, table::State::kAuthenticated)) std::abort();
  }
}

std::uint64_t Gateway::counted(policy::Verdict verdict) const {
  return worker_->status().verdicts[static_cast<std::size_t>(verdict)];
}

std::size_t gateway_mib(std::size_t capacity) {
  constexpr std::size_t kRingsMib = 8;
  return dataplane::SessionMemory::mib(capacity, 1) + kRingsMib;
}

}  // namespace gate511::bench
