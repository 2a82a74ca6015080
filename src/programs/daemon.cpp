// SPDX-License-Identifier: BSD-3-Clause
//
// What is declared first lives longest: the data plane's memory holds the table, the workers read
// what the control thread publishes, and the control socket is there before the first frame moves.
#include "programs/daemon.hpp"

#include <fmt/format.h>
#include <sys/signalfd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "control/control.hpp"
#include "control/fd.hpp"
#include "dataplane/dataplane.hpp"
#include "dataplane/rcu_pointer.hpp"
#include "programs/random.hpp"

namespace gate511 {
namespace {

dataplane::Options options_of(const control::Config& config) {
  dataplane::Options options;
  options.eal_args = config.dpdk.args;
  options.lcores = config.dpdk.lcores;
  for (const control::LinkConfig& link : config.links) {
    options.links.push_back({link.name, link.access, link.uplink});
  }
  options.session_capacity = config.sessions.capacity;
  return options;
}

/// Blocks the signals that end the daemon, for this thread and all that it starts, and gives them
/// as a file descriptor.
tl::expected<control::Fd, Error> take_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  control::Fd signals{signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!signals) {
    return tl::unexpected{Error{"signals", "signalfd fails", "raise the limit on open files"}};
  }
  return signals;
}

/// What the workers read, and its renewal on the control thread's tick.
class Published {
 public:
  Published(pipeline::Shared& shared, table::GracePeriod& grace,
            std::unique_ptr<const policy::Snapshot> snapshot)
      : shared_{shared},
        reclaimer_{grace},
        snapshot_{shared.snapshot, reclaimer_},
        cookie_keys_{shared.cookie_keys, reclaimer_} {
    snapshot_.publish(std::move(snapshot));
    responder::CookieKeys keys;
    keys.key = random_value<decltype(keys.key)>();
    cookie_keys_.publish(std::make_shared<const responder::CookieKeys>(keys));
    rotate_at_s_ = monotonic_s() + responder::CookieKeys::kRotation_s;
    tick();
  }

  void tick() {
    shared_.unix_s.store(static_cast<std::uint32_t>(std::time(nullptr)), std::memory_order_relaxed);
    if (const std::uint64_t now_s = monotonic_s(); now_s >= rotate_at_s_) {
      rotate_at_s_ = now_s + responder::CookieKeys::kRotation_s;
      cookie_keys_.publish(std::make_shared<const responder::CookieKeys>(
          cookie_keys_.current().rotated(random_value<net::SipKey>())));
    }
    reclaimer_.poll();
  }

 private:
  static std::uint64_t monotonic_s() {
    std::timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec);
  }

  pipeline::Shared& shared_;
  dataplane::Reclaimer reclaimer_;
  dataplane::RcuPointer<policy::Snapshot> snapshot_;
  dataplane::RcuPointer<responder::CookieKeys> cookie_keys_;
  std::uint64_t rotate_at_s_ = 0;
};

void announce(const dataplane::Dataplane& dataplane, const control::Config& config) {
  for (const std::string& notice : dataplane.notices()) {
    fmt::print(stderr, "gate511: {}\n", notice);
  }
  std::string links;
  for (const control::LinkConfig& link : config.links) {
    links += fmt::format("link {} ({} to {}), ", link.name, link.access, link.uplink);
  }
  fmt::print("gate511: ready: {}{} worker{}, {}\n", links, dataplane.workers(),
             dataplane.workers() == 1 ? "" : "s",
             dataplane.huge_pages() ? "huge pages" : "no huge pages");
  std::fflush(stdout);
}

}  // namespace

tl::expected<void, Error> run_daemon(const control::Config& config) {
  auto snapshot = control::build_snapshot(config);
  if (!snapshot) return tl::unexpected{snapshot.error()};
  // Before EAL starts its threads, which would else take the signals.
  const auto signals = take_signals();
  if (!signals) return tl::unexpected{signals.error()};

  auto dataplane = dataplane::Dataplane::open(options_of(config));
  if (!dataplane) return tl::unexpected{dataplane.error()};
  table::SessionTable table{(*dataplane)->buckets(), config.sessions.capacity,
                            random_value<table::HashSeed>()};
  pipeline::Shared shared{table, random_value<net::SipKey>()};
  Published published{shared, (*dataplane)->grace(), std::move(*snapshot)};
  auto control = control::Control::open(config, {.table = table,
                                                 .grace = (*dataplane)->grace(),
                                                 .status = **dataplane,
                                                 .version = GATE511_VERSION});
  if (!control) return tl::unexpected{control.error()};
  bool stopping = false;
  // Left unread: one signal ends the daemon.
  if (auto watched = (*control)->watch(signals->get(), [&] { stopping = true; }); !watched) {
    return watched;
  }

  auto outcome = (*dataplane)->start(shared, random_value<std::uint64_t>());
  if (outcome) {
    announce(**dataplane, config);
    (*control)->run([&] { return stopping; }, [&] { published.tick(); });
  }
  if (const auto stopped = (*dataplane)->stop(); !stopped) {
    // A worker still reads what would be freed here.
    fmt::print(stderr, "gate511: {}\n", stopped.error().text());
    control->reset();
    std::_Exit(EXIT_FAILURE);
  }
  return outcome;
}

}  // namespace gate511
