// SPDX-License-Identifier: BSD-3-Clause
//
// DPDK's drivers tell little more than that they failed; the usual reasons are looked for here.
#include "dataplane/vdev.hpp"

#include <fmt/format.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "dataplane/captured_output.hpp"

namespace gate511::dataplane {
namespace {

constexpr std::string_view kOption = "--vdev";

Vdev split(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return {std::string{text}, {}};
  return {std::string{text.substr(0, comma)}, std::string{text.substr(comma + 1)}};
}

bool is_af_packet(const Vdev& vdev) {
  return vdev.name.find("af_packet") != std::string::npos;
}

/// The value of `key` in the device's arguments; empty if it is not given.
std::string argument(const Vdev& vdev, std::string_view key) {
  const std::string arguments = "," + vdev.arguments;
  const std::string wanted = fmt::format(",{}=", key);
  const std::size_t at = arguments.find(wanted);
  if (at == std::string::npos) return {};
  const std::size_t from = at + wanted.size();
  return arguments.substr(from, arguments.find(',', from) - from);
}

/// The kernel interface that the device is put on; empty for those that are on none.
std::string interface_of(const Vdev& vdev) {
  const bool on_interface = is_af_packet(vdev) || vdev.name.find("af_xdp") != std::string::npos;
  return on_interface ? argument(vdev, "iface") : std::string{};
}

/// AF_PACKET frees a frame that does not fit its ring's frames, and does not count it as sent: the
/// rest of a burst would be sent and freed a second time. So its frames must hold the longest.
tl::expected<void, Error> check_frame_size(const Vdev& vdev) {
  constexpr unsigned long kLeast = 2048;  // the default: 1,522 bytes and the ring's header
  const std::string size = is_af_packet(vdev) ? argument(vdev, "framesz") : std::string{};
  if (size.empty() || std::strtoul(size.c_str(), nullptr, 10) >= kLeast) return {};
  return tl::unexpected{Error{"port " + vdev.name,
                              fmt::format("framesz={} does not hold every frame", size),
                              fmt::format("leave it out, or give {} or more", kLeast)}};
}

std::string interfaces() {
  std::string names;
  struct if_nameindex* const list = if_nameindex();
  for (const struct if_nameindex* i = list; i != nullptr && i->if_index != 0; ++i) {
    names += (names.empty() ? "" : ", ") + std::string{i->if_name};
  }
  if (list != nullptr) if_freenameindex(list);
  return names;
}

}  // namespace

tl::expected<std::vector<Vdev>, Error> take_vdevs(const std::vector<std::string>& args,
                                                  std::vector<std::string>& rest) {
  std::vector<Vdev> vdevs;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string_view arg = args[i];
    if (arg == kOption) {
      if (i + 1 == args.size()) {
        return tl::unexpected{
            Error{"dpdk.args", "--vdev names no device", "write \"--vdev=NAME,KEY=VALUE\""}};
      }
      vdevs.push_back(split(args[++i]));
    } else if (arg.starts_with(kOption) && arg.size() > kOption.size() &&
               arg[kOption.size()] == '=') {
      vdevs.push_back(split(arg.substr(kOption.size() + 1)));
    } else {
      rest.push_back(args[i]);
    }
  }
  return vdevs;
}

tl::expected<void, Error> create_vdev(const Vdev& vdev, bool quiet) {
  const std::string where = "port " + vdev.name;
  const std::string interface = interface_of(vdev);
  if (!interface.empty() && if_nametoindex(interface.c_str()) == 0) {
    return tl::unexpected{Error{where, fmt::format("there is no interface `{}`", interface),
                                fmt::format("the interfaces are: {}", interfaces())}};
  }
  if (auto fits = check_frame_size(vdev); !fits) return fits;
  CapturedOutput output{quiet};
  const int failed = rte_eal_hotplug_add("vdev", vdev.name.c_str(), vdev.arguments.c_str());
  if (failed == 0) return {};
  const std::string reason = output.reason();
  std::string hint = "see its driver's page in DPDK's NIC guide for what `--vdev` may say";
  if (geteuid() != 0) hint = "run it as root, or with CAP_NET_RAW and CAP_NET_ADMIN";
  return tl::unexpected{
      Error{where,
            fmt::format("cannot be created with `{}`: {}", vdev.arguments,
                        reason.empty() ? std::string{rte_strerror(-failed)} : reason),
            hint}};
}

}  // namespace gate511::dataplane
