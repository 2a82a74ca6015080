// SPDX-License-Identifier: BSD-3-Clause
//
// Values of the configuration that are more than a string or a number: what they are made of, and
// what is wrong with those that are none.
#pragma once

#include <tl/expected.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/ip.hpp"
#include "policy/garden_set.hpp"
#include "settings/reader.hpp"

namespace gate511::control {

using settings::Problem;

/// `0-1`, `0,2-3`, `0@0,1@0`: the lcores in the order given.
[[nodiscard]] tl::expected<std::vector<unsigned>, Problem> parse_lcores(std::string_view text);

/// What is wrong with an argument for EAL that `dpdk.lcores` already stands for.
[[nodiscard]] std::optional<Problem> check_eal_arg(std::string_view arg);

/// Host of an http or https URL that fits into every answer, without brackets.
[[nodiscard]] tl::expected<std::string, Problem> portal_host(std::string_view key,
                                                             std::string_view url);
/// Host of an https URL that fits into every option of RFC 8910, without brackets.
[[nodiscard]] tl::expected<std::string, Problem> api_host(std::string_view key,
                                                          std::string_view url);

/// Both ends are in it.
struct VlanRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};
/// One VLAN as a range; 0 is untagged.
[[nodiscard]] tl::expected<VlanRange, Problem> check_vlan(std::string_view key, std::int64_t vlan);
/// `30-39`, or `30`.
[[nodiscard]] tl::expected<VlanRange, Problem> parse_vlans(std::string_view key,
                                                           std::string_view text);

/// An address that a guest can send to.
[[nodiscard]] tl::expected<net::IpAddress, Problem> parse_host_address(std::string_view key,
                                                                       std::string_view text);

/// A prefix; where bits behind its length are set, the problem says which was probably meant.
[[nodiscard]] tl::expected<net::Cidr, Problem> parse_prefix(std::string_view key,
                                                            std::string_view text);

/// What guests may reach: a prefix, and ports behind a space if not all are meant.
[[nodiscard]] tl::expected<policy::GardenPrefix, Problem> parse_garden_prefix(
    std::string_view key, std::string_view text);

}  // namespace gate511::control
