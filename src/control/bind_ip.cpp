// SPDX-License-Identifier: BSD-3-Clause
#include "control/bind_ip.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "net/ip.hpp"

namespace gate511::control {
namespace {

using net::IpAddress;
using table::BoundAddresses;

constexpr std::size_t kMaxGiven = BoundAddresses::kMaxPrefixes + 2;

/// `address`, `prefix/64`, or another prefix, which is none of ours.
std::optional<IpAddress> parse_bound(const std::string& text) {
  const bool is_prefix = text.ends_with("/64");
  if (!is_prefix && text.find('/') != std::string::npos) return std::nullopt;
  const auto cidr = net::parse_cidr(text);
  if (!cidr || (is_prefix && cidr->first.is_link_local())) return std::nullopt;
  const IpAddress address = cidr->first;
  // A prefix is no address of a host, but any other one in it is.
  IpAddress host = address;
  if (is_prefix) host.low = 1;
  // RFC 3927: what a host takes by itself, until it is given an address.
  const bool is_self_given = host.is_v4() && host.v4_value() >> 16 == 0xa9fe;
  const bool is_reserved = !host.is_v4() && host.high == 0;
  return host.is_unicast_host() && !is_self_given && !is_reserved ? std::optional{address}
                                                                  : std::nullopt;
}

/// False: there is no room for it, or another one already.
bool add_to(BoundAddresses& given, const IpAddress& address) {
  if (address.is_v4()) {
    if (given.v4 != 0) return false;
    given.v4 = address.v4_value();
    given.v4_origin = table::Origin::kGiven;
    return true;
  }
  if (address.is_link_local()) {
    if (given.link_local != 0 || address.high != table::Binding::kLinkLocal) return false;
    given.link_local = address.low;
    return true;
  }
  given.has_all_prefixes = true;
  for (std::uint64_t& prefix : given.prefix_64) {
    if (prefix == address.high) return true;
    if (prefix != 0) continue;
    prefix = address.high;
    return true;
  }
  return false;
}

/// As they are given.
std::vector<std::string> texts_of(const BoundAddresses& addresses) {
  std::vector<std::string> texts;
  if (addresses.v4 != 0) texts.push_back(net::to_string(IpAddress::v4(addresses.v4)));
  if (addresses.link_local != 0)
    texts.push_back(net::to_string(IpAddress{table::Binding::kLinkLocal, addresses.link_local}));
  for (const std::uint64_t prefix : addresses.prefix_64) {
    if (prefix != 0) texts.push_back(net::to_string(IpAddress{prefix, 0}) + "/64");
  }
  return texts;
}

}  // namespace

std::optional<SessionFields::BindIp> read_bind_ip(Params& params) {
  const Json* const value = params.find("bind_ip");
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return SessionFields::BindIp{value->get<bool>(), {}};
  SessionFields::BindIp bind{true, {}};
  const auto wrong = [&params](const std::string& what) {
    params.fail(rpc::invalid_params(what));
    return std::nullopt;
  };
  if (!value->is_array() || value->size() > kMaxGiven)
    return wrong("`bind_ip` must be true, false or an array of addresses");
  for (const Json& one : *value) {
    const auto address =
        one.is_string() ? parse_bound(one.get_ref<const std::string&>()) : std::nullopt;
    if (!address)
      return wrong("`bind_ip` takes addresses of hosts, and prefixes of IPv6 as `2001:db8:1::/64`");
    if (!add_to(bind.given, *address))
      return wrong(fmt::format("`bind_ip` takes one IPv4 address, one of fe80::/64 and {} /64s",
                               BoundAddresses::kMaxPrefixes));
  }
  return bind;
}

void append_bind_ip(std::string& out, const Bound* bound) {
  if (bound == nullptr) {
    out += "false";
    return;
  }
  char before = '[';
  for (const std::string& text : texts_of(bound->binding.addresses())) {
    out += std::exchange(before, ',');
    out.append("\"").append(text).append("\"");
  }
  out += before == '[' ? "[]" : "]";
}

std::string bound_sentence(const BoundAddresses& addresses) {
  std::vector<std::string> texts = texts_of(addresses);
  if (texts.empty())
    return "it is bound to the addresses that it is first seen with, and none is known yet";
  constexpr std::array<std::string_view, 3> kOrigins{"first seen", "from DHCP", "given"};
  if (addresses.v4 != 0)
    texts[0] += fmt::format(" ({})", kOrigins[static_cast<std::size_t>(addresses.v4_origin)]);
  const bool may_learn = addresses.v4 == 0 || addresses.link_local == 0 ||
                         (addresses.prefix_64.back() == 0 && !addresses.has_all_prefixes);
  return fmt::format("it is bound to {}, and is a guest with another address{}",
                     fmt::join(texts, ", "),
                     may_learn ? ", but for the first of a kind that none is known of" : "");
}

}  // namespace gate511::control
