// SPDX-License-Identifier: BSD-3-Clause
//
// Chooses EAL's arguments. Virtual devices are taken out of them and created one by one behind
// EAL's start, so that an error can name the one that failed and why.
#include "dataplane/eal.hpp"

#include <fmt/format.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_pdump.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <system_error>
#include <utility>

#include "dataplane/captured_output.hpp"
#include "dataplane/huge_files.hpp"
#include "dataplane/lcores.hpp"
#include "dataplane/machine.hpp"
#include "dataplane/runtime_folders.hpp"
#include "dataplane/vdev.hpp"

namespace gate511::dataplane {
namespace {

constexpr std::size_t kDumpcapMib = 64;  // what dpdk-dumpcap takes of the shared memory, and more
constexpr std::string_view kWhere = "dpdk.args";
/// Of the files and the runtime folder of a process, before its ID.
constexpr std::string_view kFilePrefix = "gate511-";

/// True where one of `names` stands among the operator's arguments, with or without `=value`.
bool has(const std::vector<std::string>& args, std::initializer_list<std::string_view> names) {
  return std::any_of(args.begin(), args.end(), [&](std::string_view arg) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
      if (!arg.starts_with(name)) return false;
      const bool is_short = !name.starts_with("--");  // `-m256` is as good as `-m 256`
      return arg.size() == name.size() || arg[name.size()] == '=' || is_short;
    });
  });
}

struct Arguments {
  std::vector<std::string> list;
  std::string notice;
};

/// Huge pages in files, which another process can open.
tl::expected<void, Error> choose_shared_memory(const EalOptions& options, Arguments& arguments) {
  const auto refused = [](std::string what, std::string hint) {
    return tl::unexpected{Error{"capture.dumpcap", std::move(what),
                                std::move(hint) + ", or set capture.dumpcap = false"}};
  };
  for (const char* const alone : {"--no-huge", "--in-memory", "--no-shconf"}) {
    if (!has(options.args, {alone})) continue;
    return refused(
        fmt::format("dpdk-dumpcap needs memory that it can share, and dpdk.args has {}", alone),
        "take that out");
  }
  if (!has(options.args, {"--huge-dir"}) && hugetlbfs_mounts().empty()) {
    return refused("dpdk-dumpcap needs huge pages in files, and no hugetlbfs is mounted",
                   "mount one (mount -t hugetlbfs none /dev/hugepages)");
  }
  // All at once, as without root no more can be had, for dpdk-dumpcap's buffers either.
  const std::size_t needed_mib = options.memory_mib + kDumpcapMib;
  if (!has(options.args, {"-m", "--socket-mem"})) {
    arguments.list.emplace_back("-m");
    arguments.list.push_back(std::to_string(needed_mib));
  }
  if (const std::size_t huge_mib = free_huge_page_mib(); huge_mib < needed_mib) {
    return refused(fmt::format("dpdk-dumpcap needs huge pages, of which {} MiB are free and {} MiB "
                               "needed",
                               huge_mib, needed_mib),
                   fmt::format("set vm.nr_hugepages={} or more", needed_mib / 2 + 1));
  }
  return {};
}

/// Lets the process find dpdk-dumpcap's socket, to answer it, when it is root no more. The files
/// beside it stay root's alone.
tl::expected<void, Error> start_capture_service() {
  const std::filesystem::path folder = rte_eal_get_runtime_dir();
  for (const auto& [one, mode] : {std::pair{folder, 0755}, {folder.parent_path(), 0711}}) {
    if (::chmod(one.c_str(), static_cast<mode_t>(mode)) != 0)
      return tl::unexpected{Error{"capture.dumpcap", one.string() + " cannot be made passable",
                                  "run it as root, or set it to false"}};
  }
  if (rte_pdump_init() == 0) return {};
  return tl::unexpected{
      Error{"capture.dumpcap",
            fmt::format("DPDK's packet capture does not start: {}", rte_strerror(rte_errno)),
            "set it to false, or see dpdk.args"}};
}

/// Huge pages where there are enough, else ordinary memory.
tl::expected<void, Error> choose_memory(const EalOptions& options, Arguments& arguments) {
  if (options.dumpcap) return choose_shared_memory(options, arguments);
  if (has(options.args, {"--no-huge", "--in-memory", "--huge-dir", "--proc-type"})) return {};
  const std::size_t huge_mib = free_huge_page_mib();
  if (huge_mib >= options.memory_mib) {
    arguments.list.emplace_back("--in-memory");
    return {};
  }
  const std::size_t free_mib = available_memory_mib();
  if (free_mib < options.memory_mib) {
    return tl::unexpected{Error{"memory",
                                fmt::format("the data plane needs {} MiB and {} MiB are free",
                                            options.memory_mib, free_mib),
                                "lower sessions.capacity, or free memory"}};
  }
  arguments.notice = fmt::format(
      "memory: running without huge pages, of which {} MiB are free and {} MiB needed: slower, and "
      "with virtual ports only; set vm.nr_hugepages={} or more",
      huge_mib, options.memory_mib, options.memory_mib / 2 + 1);
  arguments.list.emplace_back("--no-huge");
  if (!has(options.args, {"-m", "--socket-mem"})) {
    arguments.list.emplace_back("-m");
    arguments.list.push_back(std::to_string(options.memory_mib));
  }
  if (!has(options.args, {"--no-shconf"})) arguments.list.emplace_back("--no-shconf");
  return {};
}

tl::expected<void, Error> choose_lcores(const EalOptions& options, Arguments& arguments) {
  if (has(options.args, {"-l", "-c", "-s", "-S", "--lcores"})) return {};
  const auto lcores = parse_lcores(options.lcores);
  if (!lcores) return tl::unexpected{lcores.error()};
  if (auto checked = check_lcores(*lcores); !checked) return checked;
  arguments.list.emplace_back("--lcores");
  arguments.list.push_back(options.lcores);
  if (!has(options.args, {"--main-lcore"})) {
    arguments.list.emplace_back("--main-lcore");
    arguments.list.push_back(std::to_string(lcores->ids.front()));
  }
  return {};
}

tl::expected<Arguments, Error> choose(const EalOptions& options, std::vector<std::string> rest) {
  Arguments arguments{{"gate511"}, {}};
  if (const auto done = choose_lcores(options, arguments); !done) {
    return tl::unexpected{done.error()};
  }
  if (const auto done = choose_memory(options, arguments); !done) {
    return tl::unexpected{done.error()};
  }
  if (!has(options.args, {"--file-prefix"})) {
    arguments.list.push_back(fmt::format("--file-prefix={}{}", kFilePrefix, getpid()));
  }
  if (!has(options.args, {"--log-level"})) arguments.list.emplace_back("--log-level=warning");
  std::move(rest.begin(), rest.end(), std::back_inserter(arguments.list));
  return arguments;
}

Error start_error(int code, const std::string& reason) {
  std::string hint = "see dpdk.args; add \"--log-level=debug\" there for EAL's own log";
  if (reason.find("huge") != std::string::npos) {
    hint =
        "give huge pages (vm.nr_hugepages), or leave the choice to gate511: no --in-memory or "
        "--huge-dir in dpdk.args";
  }
  if (geteuid() != 0) hint = "run it as root; " + hint;
  return Error{std::string{kWhere},
               fmt::format("EAL does not start: {}{}{}", reason, reason.empty() ? "" : ": ",
                           rte_strerror(code)),
               hint};
}

}  // namespace

tl::expected<Eal, Error> Eal::start(const EalOptions& options) {
  // First of all, as they may hold the memory that is needed.
  remove_huge_files_of_ended(kFilePrefix);
  std::vector<std::string> rest;
  auto vdevs = take_vdevs(options.args, rest);
  if (!vdevs) return tl::unexpected{vdevs.error()};
  auto arguments = choose(options, std::move(rest));
  if (!arguments) return tl::unexpected{arguments.error()};

  // EAL reorders its argv, and keeps pointers into it.
  static std::vector<std::string> kept;
  kept = std::move(arguments->list);
  static std::vector<char*> argv;
  argv.clear();
  for (std::string& argument : kept) argv.push_back(argument.data());
  argv.push_back(nullptr);

  const bool quiet = !has(options.args, {"--log-level"});
  {
    CapturedOutput output{quiet};
    rte_errno = 0;
    if (rte_eal_init(static_cast<int>(kept.size()), argv.data()) < 0) {
      const int code = rte_errno;
      return tl::unexpected{start_error(code, output.reason())};
    }
  }
  Eal eal{quiet, options.dumpcap, std::move(arguments->notice)};
  remove_runtime_folders_of_ended(std::filesystem::path{rte_eal_get_runtime_dir()}.parent_path(),
                                  kFilePrefix);
  for (const Vdev& vdev : *vdevs) {
    if (const auto created = create_vdev(vdev, quiet); !created) {
      return tl::unexpected{created.error()};
    }
  }
  if (options.dumpcap) {
    if (const auto started = start_capture_service(); !started)
      return tl::unexpected{started.error()};
  }
  if (worker_lcores().empty()) {
    return tl::unexpected{Error{"dpdk.lcores", "there is no lcore left for a worker",
                                "give two or more: the first is the control thread's"}};
  }
  return eal;
}

Eal::~Eal() {
  if (!owner_) return;
  const CapturedOutput output{quiet_};
  const std::filesystem::path folder = rte_eal_get_runtime_dir();
  HugeFiles files = shares_ ? HugeFiles::of_this_process(kFilePrefix) : HugeFiles{};
  if (shares_) rte_pdump_uninit();
  rte_eal_cleanup();
  files.give_back();
  // With root given up it cannot be: then the next start removes it.
  std::error_code failed;
  if (folder.filename().string().starts_with(kFilePrefix))
    std::filesystem::remove_all(folder, failed);
}

bool Eal::huge_pages() const {
  return rte_eal_has_hugepages() != 0;
}

std::vector<unsigned> Eal::worker_lcores() {
  std::vector<unsigned> lcores;
  for (unsigned lcore = rte_get_next_lcore(~0U, 1, 0); lcore < RTE_MAX_LCORE;
       lcore = rte_get_next_lcore(lcore, 1, 0)) {
    lcores.push_back(lcore);
  }
  return lcores;
}

}  // namespace gate511::dataplane
