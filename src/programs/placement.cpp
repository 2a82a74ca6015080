// SPDX-License-Identifier: BSD-3-Clause
//
// Kernel documentation: Documentation/ABI/testing/sysfs-bus-pci and sysfs-devices-system-cpu.
#include "programs/placement.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

namespace gate511 {
namespace {

namespace fs = std::filesystem;

struct Card {
  std::string address;  ///< with its domain
  bool is_there = false;
  std::string driver;  ///< empty: none
  unsigned node = 0;
};

std::string first_line(const fs::path& file) {
  std::ifstream stream{file};
  std::string line;
  std::getline(stream, line);
  return line;
}

/// `0-3,8`, as the kernel lists CPUs.
std::set<unsigned> cpu_list(const std::string& text) {
  std::set<unsigned> cpus;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string_view item = std::string_view{text}.substr(at, comma - at);
    const std::size_t dash = item.find('-');
    unsigned first = 0, last = 0;
    const auto number = [](std::string_view word, unsigned& value) {
      return std::from_chars(word.data(), word.data() + word.size(), value).ec == std::errc{};
    };
    if (number(item.substr(0, dash), first)) {
      last = first;
      if (dash != std::string_view::npos) number(item.substr(dash + 1), last);
      for (unsigned cpu = first; cpu <= last; ++cpu) cpus.insert(cpu);
    }
    at = comma + 1;
  }
  return cpus;
}

std::optional<Card> card_of(const std::string& port, const fs::path& sysfs) {
  static const std::regex kAddress{"(?:[0-9a-fA-F]{4,}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7]"};
  if (!std::regex_match(port, kAddress)) return std::nullopt;
  Card card;
  card.address = std::ranges::count(port, ':') == 1 ? "0000:" + port : port;
  const fs::path device = sysfs / "bus/pci/devices" / card.address;
  std::error_code error;
  card.is_there = fs::exists(device, error);
  card.driver = fs::read_symlink(device / "driver", error).filename().string();
  int node = -1;
  std::ifstream{device / "numa_node"} >> node;
  card.node = node < 0 ? 0 : static_cast<unsigned>(node);  // -1: the machine has one
  return card;
}

/// Mellanox's cards stay with the kernel's driver while DPDK uses them.
bool is_for_dpdk(const std::string& driver) {
  return driver == "vfio-pci" || driver == "uio_pci_generic" || driver == "igb_uio" ||
         driver == "mlx4_core" || driver == "mlx5_core";
}

/// The node of each CPU; all on node 0 where the machine has no others.
std::map<unsigned, unsigned> nodes_of_cpus(const fs::path& sysfs) {
  std::map<unsigned, unsigned> nodes;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{sysfs / "devices/system/node", error}) {
    const std::string name = entry.path().filename().string();
    unsigned node = 0;
    if (!name.starts_with("node") ||
        std::from_chars(name.data() + 4, name.data() + name.size(), node).ec != std::errc{})
      continue;
    for (const unsigned cpu : cpu_list(first_line(entry.path() / "cpulist"))) nodes[cpu] = node;
  }
  return nodes;
}

class Judge {
 public:
  Judge(const Placement& placement, const fs::path& sysfs)
      : placement_{placement},
        sysfs_{sysfs},
        workers_{placement.cpus.begin() + std::min<std::ptrdiff_t>(1, std::ssize(placement.cpus)),
                 placement.cpus.end()} {}

  std::vector<Error> all() && {
    for (const dataplane::LinkOptions& link : placement_.links) judge_link(link);
    if (has_cards_) judge_cpus();
    return std::move(found_);
  }

 private:
  void judge_link(const dataplane::LinkOptions& link) {
    const std::string where = "link " + link.name;
    const auto access = card_of(link.access, sysfs_), uplink = card_of(link.uplink, sysfs_);
    for (const auto& card : {access, uplink}) {
      if (card) judge_card(where, *card);
    }
    if (!access || !uplink || access->node == uplink->node) return;
    found_.push_back(
        {where,
         fmt::format("{} is on NUMA node {} and {} on {}: each frame crosses between them",
                     access->address, access->node, uplink->address, uplink->node),
         "put both cards into slots of one node; see gate511-nic list"});
  }

  void judge_card(const std::string& where, const Card& card) {
    has_cards_ = true;
    if (!card.is_there) {
      found_.push_back(
          {where, fmt::format("there is no card {}", card.address), "see gate511-nic list"});
      return;
    }
    if (!is_for_dpdk(card.driver)) {
      found_.push_back({where,
                        card.driver.empty() ? fmt::format("{} has no driver", card.address)
                                            : fmt::format("{} is the kernel's, driver {}",
                                                          card.address, card.driver),
                        fmt::format("gate511-nic bind {}", card.address)});
    }
    std::vector<unsigned> far;
    const auto nodes = nodes_of_cpus(sysfs_);
    for (const unsigned cpu : workers_) {
      const auto node = nodes.find(cpu);
      if (node != nodes.end() && node->second != card.node) far.push_back(cpu);
    }
    if (!far.empty()) {
      found_.push_back({where,
                        fmt::format("{} is on NUMA node {}, the workers' CPUs {} are not",
                                    card.address, card.node, fmt::join(far, ", ")),
                        "choose dpdk.lcores by gate511-nic cores"});
    }
  }

  void judge_cpus() {
    std::set<unsigned> seen;
    for (const unsigned cpu : workers_) {
      if (!seen.insert(cpu).second || cpu == placement_.cpus.front()) shared(cpu);
    }
    judge_siblings(seen);
    const std::set<unsigned> isolated =
        cpu_list(first_line(sysfs_ / "devices/system/cpu/isolated"));
    std::vector<unsigned> disturbed;
    std::ranges::set_difference(seen, isolated, std::back_inserter(disturbed));
    if (!disturbed.empty()) {
      found_.push_back(
          {"dpdk.lcores",
           fmt::format("the workers' CPUs {} are not isolated: other programs may hold "
                       "frames up",
                       fmt::join(disturbed, ", ")),
           fmt::format("isolcpus=managed_irq,domain,{} on the kernel's command line",
                       fmt::join(seen, ","))});
    }
    if (workers_.size() > placement_.links.size()) {
      found_.push_back({"dpdk.lcores",
                        fmt::format("{} workers for {} link{}: each card needs as many queues, and "
                                    "a symmetric RSS, else "
                                    "some have nothing to do",
                                    workers_.size(), placement_.links.size(),
                                    placement_.links.size() == 1 ? "" : "s"),
                        "see what the gateway says at its start, and port.list"});
    }
  }

  void shared(unsigned cpu) {
    found_.push_back({"dpdk.lcores", fmt::format("CPU {} has a worker and another lcore", cpu),
                      "give each worker a CPU of its own: it polls all the time"});
  }

  /// Two workers on the hyper-threads of one core.
  void judge_siblings(const std::set<unsigned>& workers) {
    for (const unsigned cpu : workers) {
      const auto siblings =
          cpu_list(first_line(sysfs_ / "devices/system/cpu" / fmt::format("cpu{}", cpu) /
                              "topology/thread_siblings_list"));
      for (const unsigned other : siblings) {
        if (other > cpu && workers.contains(other)) {
          found_.push_back({"dpdk.lcores",
                            fmt::format("CPUs {} and {} are one core's hyper-threads", cpu, other),
                            "give each worker a core of its own"});
        }
      }
    }
  }

  const Placement& placement_;
  const fs::path& sysfs_;
  std::vector<unsigned> workers_;  ///< CPUs
  bool has_cards_ = false;
  std::vector<Error> found_;
};

}  // namespace

std::vector<Error> placement_warnings(const Placement& placement, const fs::path& sysfs) {
  return Judge{placement, sysfs}.all();
}

}  // namespace gate511
