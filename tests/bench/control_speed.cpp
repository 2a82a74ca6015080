// SPDX-License-Identifier: BSD-3-Clause
//
// How fast one client adds sessions in batches of 1,000 and lists them by pages of 500, and eight
// add them one by one, over the real socket; what a session takes of memory; what it costs to look
// at all their counters, each of which has changed, and how long a `session.get` takes meanwhile;
// and how long a restart takes. The workers are stand-ins that see every change at once. Prints;
// judges nothing.
//
//   bench-control [SESSIONS [durable]]
#include <fmt/format.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "control/control.hpp"
#include "net/mac.hpp"
#include "unit/control_fakes.hpp"

namespace gate511::control {
namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

class BenchClient {
 public:
  explicit BenchClient(const std::string& path) : socket_{::socket(AF_UNIX, SOCK_STREAM, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      std::abort();
  }
  void send(std::string_view line) {
    while (!line.empty()) {
      const ssize_t put = ::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL);
      if (put <= 0) std::abort();
      line.remove_prefix(static_cast<std::size_t>(put));
    }
  }
  std::string receive() {
    std::size_t newline = 0;
    while ((newline = buffer_.find('\n', scanned_)) == std::string::npos) {
      scanned_ = buffer_.size();
      const ssize_t got = ::recv(socket_.get(), chunk_.data(), chunk_.size(), 0);
      if (got <= 0) std::abort();
      buffer_.append(chunk_.data(), static_cast<std::size_t>(got));
    }
    std::string line = buffer_.substr(0, newline);
    buffer_.erase(0, newline + 1);
    scanned_ = 0;
    return line;
  }
  std::string call(std::string_view line) {
    send(line);
    return receive();
  }

 private:
  Fd socket_;
  std::array<char, 1 << 16> chunk_{};
  std::string buffer_;
  std::size_t scanned_ = 0;
};

std::string request(std::string_view method, std::string_view params) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":1,"method":"{}","params":{}}})", method, params) +
         "\n";
}

std::size_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::size_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void add_all(BenchClient& client, std::size_t first, std::size_t count) {
  std::vector<std::string> lines;
  for (std::size_t n = first; n < first + count;) {
    std::string items;
    for (std::size_t i = 0; i < Service::kMaxAdd && n < first + count; ++i, ++n) {
      if (i > 0) items += ',';
      items += fmt::format(R"({{"mac":"{}","ttl_s":{},"tag":"room-{}","user":"user-{}"}})",
                           net::to_string(net::MacAddress{0x02005e000000U + n}),
                           3600 + n * 7919 % 86'400, n % 1'000, n);
    }
    lines.push_back(request("session.add", R"({"sessions":[)" + items + "]}"));
  }
  const auto begin = SteadyClock::now();
  // One more is on its way while the last is worked on.
  for (std::size_t i = 0; i < lines.size(); ++i) {
    client.send(lines[i]);
    if (i > 0) static_cast<void>(client.receive());
  }
  static_cast<void>(client.receive());
  const double took = seconds_since(begin);
  fmt::print("session.add, batches of 1,000, {} there: {} in {:.2f} s, {:.0f} a second\n", first,
             count, took, static_cast<double>(count) / took);
}

/// Each has one request on its way.
void add_singly(const std::string& socket, std::size_t first, std::size_t count) {
  constexpr std::size_t kClients = 8;
  const auto begin = SteadyClock::now();
  {
    std::vector<std::jthread> clients;
    for (std::size_t i = 0; i < kClients; ++i) {
      clients.emplace_back([&socket, first, count, i] {
        BenchClient client{socket};
        for (std::size_t n = first + i; n < first + count; n += kClients) {
          const auto params = fmt::format(R"({{"mac":"{}","ttl_s":3600}})",
                                          net::to_string(net::MacAddress{0x02005e000000U + n}));
          static_cast<void>(client.call(request("session.add", params)));
        }
      });
    }
  }
  const double took = seconds_since(begin);
  fmt::print("session.add, singly by {} clients, {} there: {} in {:.2f} s, {:.0f} a second\n",
             kClients, first, count, took, static_cast<double>(count) / took);
}

/// Two workers' counters, as the data plane has them.
class BenchStatus : public HandStatus {
 public:
  static constexpr std::size_t kWorkers = 2;

  explicit BenchStatus(std::size_t slots) {
    for (auto& worker : counters_) worker = std::vector<table::SessionCounters>(slots);
  }
  [[nodiscard]] table::TrafficCounts session_traffic(std::uint32_t index) const override {
    table::TrafficCounts sum;
    for (const auto& worker : counters_) sum += worker[index].read();
    return sum;
  }
  /// As if each session had sent a frame.
  void count_all() {
    for (auto& worker : counters_) {
      for (table::SessionCounters& counters : worker) counters.count_up(64);
    }
  }

 private:
  std::array<std::vector<table::SessionCounters>, kWorkers> counters_;
};

/// The control thread, and a clock of its own that can be put forward.
struct Running {
  std::jthread& thread;
  std::atomic<std::uint64_t>& ahead_ns;

  [[nodiscard]] double cpu_s() const {
    clockid_t clock{};
    std::timespec used{};
    if (::pthread_getcpuclockid(thread.native_handle(), &clock) != 0 ||
        ::clock_gettime(clock, &used) != 0)
      std::abort();
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
  }
  /// A sweep is due.
  void begin_sweep() const { ahead_ns += std::uint64_t{kSweepEach_s} * kNsPerSecond; }
  static constexpr unsigned kSweepEach_s = 30;
};

void sweep_alone(const Running& running, std::size_t sessions) {
  constexpr std::chrono::milliseconds kStep{250};
  constexpr double kIdle_s = 0.01;  // of CPU in a step
  const double began = running.cpu_s();
  running.begin_sweep();
  double before = began;
  double used = began;
  do {
    before = used;
    std::this_thread::sleep_for(2 * kStep);
    used = running.cpu_s();
  } while (used - before > kIdle_s);
  fmt::print(
      "sweep of {} sessions' counters, all changed: {:.2f} s of CPU, {:.1f} % of a core each {} "
      "s\n",
      sessions, used - began, 100 * (used - began) / Running::kSweepEach_s, Running::kSweepEach_s);
}

/// Where others use the machine as well, what the sweep adds is what differs between the two.
void get_some(std::string_view when, BenchClient& client, std::size_t sessions) {
  constexpr std::chrono::seconds kLong{10};
  constexpr std::chrono::microseconds kPause{500};
  std::vector<double> took_us;
  const auto end = SteadyClock::now() + kLong;
  for (std::uint64_t n = 0; SteadyClock::now() < end; n = (n + 62'710'561) % sessions) {
    const auto params =
        fmt::format(R"({{"mac":"{}"}})", net::to_string(net::MacAddress{0x02005e000000U + n}));
    const auto began = SteadyClock::now();
    static_cast<void>(client.call(request("session.get", params)));
    took_us.push_back(1e6 * seconds_since(began));
    std::this_thread::sleep_for(kPause);
  }
  std::sort(took_us.begin(), took_us.end());
  const auto at = [&took_us](double part) {
    return took_us[static_cast<std::size_t>(part * static_cast<double>(took_us.size() - 1))];
  };
  fmt::print(
      "session.get {}, {} of them: median {:.0f} us, p99 {:.0f} us, p99.9 {:.0f} "
      "us, slowest {:.0f} us\n",
      when, took_us.size(), at(0.5), at(0.99), at(0.999), at(1));
}

void list_all(BenchClient& client) {
  const auto begin = SteadyClock::now();
  std::size_t bytes = 0;
  std::size_t pages = 0;
  for (std::string cursor = "0"; cursor != "null"; ++pages) {
    const std::string page =
        client.call(request("session.list", fmt::format(R"({{"cursor":{},"limit":500}})", cursor)));
    bytes += page.size();
    const std::size_t at = page.find(R"("next_cursor":)") + 14;
    cursor = page.substr(at, page.find(',', at) - at);
  }
  fmt::print("session.list: {} pages, {} MB in {:.2f} s\n", pages, bytes / 1'000'000,
             seconds_since(begin));
}

int run(std::size_t count, bool is_durable) {
  std::string folder = (std::filesystem::temp_directory_path() / "gate511-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return EXIT_FAILURE;
  Config config;
  config.control.socket = folder + "/control.sock";
  config.control.status_socket = "";
  config.control.group = "";
  config.sessions.store = is_durable ? folder + "/sessions.db" : "";
  constexpr std::size_t kMore = 100'000, kSingly = 20'000;
  const std::size_t capacity = count + kMore + kSingly;
  std::vector<table::Bucket> buckets(table::SessionTable::buckets_for(capacity));
  std::optional<table::SessionTable> table;
  const auto make_table = [&] {
    for (table::Bucket& bucket : buckets) {
      for (auto& slot : bucket.slot) slot = 0;
    }
    table.emplace(buckets, capacity, table::HashSeed{0x0123456789abcdef, 0xfedcba9876543210});
  };
  make_table();
  HandGrace workers;
  BenchStatus status{table->slots()};
  std::atomic<std::uint64_t> ahead_ns{0};
  const Clock system = Clock::system();
  const Clock clock{[&] { return system.boot_ns() + ahead_ns; },
                    [&] { return system.unix_ns() + ahead_ns; }};
  HandSightings sightings;
  HandTaps taps;
  const policy::Snapshot snapshot = hand_snapshot();
  std::vector<table::Policer> policers(table->slots());
  pipeline::Shared shared{*table, net::SipKey{}};
  shared.policers = policers;
  std::vector<table::BindingPlace> bindings(table->slots());
  shared.bindings = bindings;
  shared.snapshot = &snapshot;
  SessionKeys keys{KeyKind::kMac, {"venue", "annex"}};
  const std::size_t resident = resident_bytes();
  const auto open = [&] {
    return Control::open(
        config, {*table, workers, status, sightings, taps, shared, keys, "bench", nullptr, clock});
  };
  auto control = open();
  if (!control) return EXIT_FAILURE;
  std::atomic<bool> stop{false};
  std::jthread thread{[&] { (*control)->run([&] { return stop.load(); }, [] {}); }};
  {
    BenchClient client{config.control.socket};
    add_all(client, 0, count);
    // The requests are freed by now. With what does not grow: events that are held, the store's
    // cache.
    fmt::print("control memory: {} bytes a session\n", (resident_bytes() - resident) / count);
    add_all(client, count, kMore);
    add_singly(config.control.socket, count + kMore, kSingly);
    list_all(client);
    const Running running{thread, ahead_ns};
    status.count_all();
    sweep_alone(running, count);
    status.count_all();
    get_some("alone", client, count);
    running.begin_sweep();
    get_some("beside a sweep", client, count);
    const Json stats = Json::parse(client.call(request("stats.get", "{}")));
    fmt::print("control: {}\n", stats["result"]["control"].dump());
  }
  const auto halt = [&] {
    stop = true;
    thread = {};
    control->reset();
  };
  if (is_durable) {
    const auto stopped = SteadyClock::now();
    halt();
    fmt::print("stop: {:.2f} s\n", seconds_since(stopped));
    make_table();
    const auto began = SteadyClock::now();
    control = open();
    if (!control) return EXIT_FAILURE;
    fmt::print("restore of {}: {:.2f} s\n", table->size(), seconds_since(began));
    stop = false;
    thread = std::jthread{[&] { (*control)->run([&] { return stop.load(); }, [] {}); }};
  }
  {
    BenchClient client{config.control.socket};
    const auto begin = SteadyClock::now();
    static_cast<void>(client.call(request("session.revoke", R"({"all":true})")));
    fmt::print("session.revoke all: {:.2f} s\n", seconds_since(begin));
  }
  halt();
  std::filesystem::remove_all(folder);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace gate511::control

int main(int argc, char** argv) {
  try {
    CLI::App app{"How fast sessions are added, listed, looked up, revoked and restored.",
                 "bench-control"};
    std::size_t sessions = 1'000'000;
    std::string kind;
    app.add_option("SESSIONS", sessions, "how many");
    app.add_option("durable", kind, "with a store")->check(CLI::IsMember({"durable"}));
    CLI11_PARSE(app, argc, argv);
    return gate511::control::run(sessions, !kind.empty());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench-control: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
