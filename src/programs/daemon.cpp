// SPDX-License-Identifier: BSD-3-Clause
//
// What is declared first lives longest: the data plane's memory holds the table, the workers read
// what the control thread publishes, and the control socket is there before the first frame moves.
#include "programs/daemon.hpp"

#include <fmt/format.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/control.hpp"
#include "control/fd.hpp"
#include "control/snapshot_builder.hpp"
#include "dataplane/dataplane.hpp"
#include "logging/log.hpp"
#include "net/frame.hpp"
#include "programs/number_commands.hpp"
#include "programs/privileges.hpp"
#include "programs/published.hpp"
#include "programs/random.hpp"
#include "programs/service_manager.hpp"

namespace gate511 {
namespace {

using logging::Level;

std::vector<std::string> link_names(const control::Config& config) {
  std::vector<std::string> names;
  for (const control::LinkConfig& link : config.links) names.push_back(link.name);
  return names;
}

/// Blocks the signals that end the daemon or make it reload, for this thread and all that it
/// starts, and gives them as a file descriptor.
tl::expected<control::Fd, Error> take_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t taken;
  sigemptyset(&taken);
  sigaddset(&taken, SIGTERM);
  sigaddset(&taken, SIGINT);
  sigaddset(&taken, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &taken, nullptr);
  control::Fd signals{signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!signals) {
    return tl::unexpected{Error{"signals", "signalfd fails", "raise the limit on open files"}};
  }
  return signals;
}

/// Says what it does, and returns that.
std::string announce(const dataplane::Dataplane& dataplane, const control::Config& config,
                     const Privileges& privileges) {
  for (const std::string& notice : dataplane.notices()) {
    logging::say(Level::kWarning, "start", notice);
  }
  if (!privileges.text().empty())
    logging::say(Level::kInfo, "start", "privileges: " + privileges.text());
  if (config.capture.dumpcap) {
    logging::say(Level::kWarning, "capture",
                 fmt::format("capture: root can watch all traffic: dpdk-dumpcap "
                             "--file-prefix=gate511-{}",
                             ::getpid()));
  }
  std::string links;
  for (const control::LinkConfig& link : config.links) {
    links += fmt::format("link {} ({} to {}), ", link.name, link.access, link.uplink);
  }
  std::string what = fmt::format("{}{} worker{}, {}", links, dataplane.workers(),
                                 dataplane.workers() == 1 ? "" : "s",
                                 dataplane.huge_pages() ? "huge pages" : "no huge pages");
  logging::say(Level::kInfo, "ready", "ready: " + what);
  return what;
}

/// What scanning costs, where it is done at all.
void tell_costs(const policy::Snapshot& snapshot) {
  std::set<const http::ProbeRules*> told;
  for (const policy::Zone& zone : snapshot.zones) {
    if (!zone.probes || !told.insert(zone.probes.get()).second) continue;
    for (const std::string& cost : zone.probes->costs())
      logging::say(Level::kInfo, "patterns", cost);
  }
  std::set<const http::Patterns*> hosts;
  for (const policy::Zone& zone : snapshot.zones) {
    if (const auto* const patterns = zone.guest.host_patterns.get();
        patterns && hosts.insert(patterns).second)
      logging::say(Level::kInfo, "patterns", "hosts of the garden: " + patterns->cost().text());
  }
}

/// What SIGHUP led to.
void tell_reload(const control::Outcome& outcome) {
  if (!outcome) {
    logging::say(Level::kError, "reload", outcome.error().message);
    return;
  }
  const control::Json& reloaded = outcome->json();
  const control::Json& zones = reloaded["zones"];
  logging::say(
      Level::kInfo, "reload",
      fmt::format("reloaded: generation {}, {} keys changed, zones: {} added, {} removed, {} "
                  "changed",
                  reloaded["config_generation"].get<std::uint64_t>(), reloaded["changed"].size(),
                  zones["added"].size(), zones["removed"].size(), zones["changed"].size()));
}

/// Rights are given up between ports and workers: no frame is touched with more than is kept.
tl::expected<void, Error> start(dataplane::Dataplane& dataplane, pipeline::Shared& shared,
                                Privileges& privileges) {
  if (auto started = dataplane.start_ports(shared, random_value<std::uint64_t>()); !started)
    return started;
  std::vector<std::string> drivers;
  for (const dataplane::PortStatus& port : dataplane.ports()) drivers.push_back(port.driver);
  if (auto given_up = privileges.give_up(drivers); !given_up) return given_up;
  return dataplane.start_workers();
}

/// Whatever happens to control, the workers are stopped before what they read is gone.
tl::expected<void, Error> run_control(control::Control& control, const std::function<bool()>& stop,
                                      const std::function<void()>& on_tick) {
  try {
    control.run(stop, on_tick);
    return {};
  } catch (const std::exception& error) {
    return tl::unexpected{
        Error{"control", error.what(),
              "no frame passes any more; start gate511 again, with more memory if "
              "there was too little"}};
  }
}

}  // namespace

dataplane::Options options_of(const control::Config& config) {
  dataplane::Options options;
  options.eal_args = config.dpdk.args;
  options.lcores = config.dpdk.lcores;
  for (const control::LinkConfig& link : config.links) {
    options.links.push_back(
        {link.name, link.access, link.uplink, link.mtu, link.follow_carrier, link.offloads});
    // A frame in one packet buffer: in several it would have to be copied together. AF_XDP takes a
    // part of it for the kernel.
    constexpr std::size_t kOfXdp = 256;  // bytes, XDP_PACKET_HEADROOM
    const std::size_t frame =
        link.mtu + net::kEthernetBytes + net::kMaxTags * net::kTagBytes + kOfXdp;
    options.mbuf_bytes = static_cast<std::uint16_t>(
        std::max<std::size_t>(options.mbuf_bytes, (frame + 63) / 64 * 64));
  }
  options.session_capacity = config.sessions.capacity;
  options.dumpcap = config.capture.dumpcap;
  return options;
}

tl::expected<void, Error> run_daemon(const control::Config& config) {
  auto snapshot = control::build_snapshot(config, control::ZoneNumbers{}.with(config.zones));
  if (!snapshot) return tl::unexpected{snapshot.error()};
  control::MemoryReserve memory;
  // Before EAL starts its threads, which would else take the signals.
  const auto signals = take_signals();
  if (!signals) return tl::unexpected{signals.error()};
  auto privileges = Privileges::begin(config);
  if (!privileges) return tl::unexpected{privileges.error()};

  auto dataplane = dataplane::Dataplane::open(options_of(config));
  if (!dataplane) return tl::unexpected{dataplane.error()};
  if (auto became = privileges->become_user(config); !became) return became;
  table::SessionTable table{(*dataplane)->buckets(), config.sessions.capacity,
                            random_value<table::HashSeed>()};
  pipeline::Shared shared{table, random_value<net::SipKey>()};
  shared.policers = (*dataplane)->policers();
  shared.bindings = (*dataplane)->bindings();
  control::SessionKeys keys{config.sessions.key, link_names(config)};
  for (std::size_t link = 0; link < config.links.size(); ++link)
    shared.key_numbers[link] = keys.numbers(link);
  auto control = control::Control::open(config, {.table = table,
                                                 .grace = (*dataplane)->grace(),
                                                 .status = **dataplane,
                                                 .sightings = **dataplane,
                                                 .taps = **dataplane,
                                                 .shared = shared,
                                                 .keys = keys,
                                                 .version = GATE511_VERSION,
                                                 .memory = &memory});
  if (!control) return tl::unexpected{control.error()};
  std::optional<NumberCommands> number_commands{(*control)->board()};
  tell_costs(**snapshot);
  Published published{shared, (*control)->grace(), std::move(*snapshot)};
  (*control)->publish_to(published);
  bool stopping = false;
  ServiceManager manager;
  std::string state;
  const auto on_reload = [&](const control::Outcome& outcome) {
    tell_reload(outcome);
    if (outcome) tell_costs(published.current());
    manager.ready(state);
  };
  const auto on_signal = [&] {
    signalfd_siginfo signal{};
    if (::read(signals->get(), &signal, sizeof signal) != ssize_t{sizeof signal}) return;
    if (signal.ssi_signo != SIGHUP) {
      stopping = true;
    } else {
      manager.reloading();
      (*control)->reopen_audit_log();
      (*control)->reload(on_reload);
    }
  };
  if (auto watched = (*control)->watch(signals->get(), on_signal); !watched) return watched;

  auto outcome = start(**dataplane, shared, *privileges);
  if (outcome) {
    state = announce(**dataplane, config, *privileges);
    manager.ready(state);
    const auto on_tick = [&] {
      published.tick();
      for (const std::string& passed : (*dataplane)->follow_carriers())
        logging::say(Level::kWarning, "carrier", passed);
      manager.tick((*dataplane)->stats().workers);
    };
    outcome = run_control(
        **control, [&] { return stopping; }, on_tick);
  }
  manager.stopping();
  if (const auto stopped = (*dataplane)->stop(); !stopped) {
    // A worker still reads what would be freed here: the table, snapshots, a client's capture.
    logging::say(Level::kError, "stop", stopped.error().text());
    number_commands.reset();
    (*control)->save();
    std::_Exit(EXIT_FAILURE);
  }
  (*control)->end_with_process();
  return outcome;
}

}  // namespace gate511
