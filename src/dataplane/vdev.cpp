// SPDX-License-Identifier: BSD-3-Clause
//
// DPDK's drivers tell little more than that they failed; the usual reasons are looked for here.
#include "dataplane/vdev.hpp"

#include <fmt/format.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <unistd.h>

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

/// The kernel interface that the device is put on; empty for those that are on none.
std::string interface_of(const Vdev& vdev) {
  if (vdev.name.find("af_packet") == std::string::npos &&
      vdev.name.find("af_xdp") == std::string::npos) {
    return {};
  }
  const std::string arguments = "," + vdev.arguments;
  const std::size_t at = arguments.find(",iface=");
  if (at == std::string::npos) return {};
  const std::size_t from = at + std::string_view{",iface="}.size();
  return arguments.substr(from, arguments.find(',', from) - from);
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
