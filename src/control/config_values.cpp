// SPDX-License-Identifier: BSD-3-Clause
#include "control/config_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "http/answers.hpp"
#include "net/capport.hpp"
#include "net/frame.hpp"

namespace gate511::control {
namespace {

constexpr unsigned kMaxLcore = 127;  // DPDK's RTE_MAX_LCORE is 128 on Debian.

std::optional<unsigned> parse_unsigned(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The text in an error: a config may hold anything.
std::string quoted(std::string_view text) {
  constexpr std::size_t kMaxShown = 96;
  std::string shown = "\"";
  for (const char c : text.substr(0, kMaxShown)) shown += c < ' ' || c == 0x7f ? '?' : c;
  return shown + (text.size() > kMaxShown ? "...\"" : "\"");
}

/// The key of a URL, and how one looks.
struct UrlKey {
  std::string_view key;
  std::string_view hint;
};

tl::unexpected<Problem> bad_url(const UrlKey& key, std::string_view url, std::string_view what) {
  return tl::unexpected{
      Problem{fmt::format("`{}` {}: {}", key.key, what, quoted(url)), std::string{key.hint}}};
}

constexpr std::string_view kNotInUrl = "\"<>#\\^`{|}";

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool is_in_urls(std::string_view url) {
  return std::ranges::all_of(url, [](char c) {
    return c > ' ' && c < 0x7f && kNotInUrl.find(c) == std::string_view::npos;
  });
}

constexpr std::string_view kNoSuchCharacters =
    "holds a space, a non-ASCII character or one of \"<>#\\^`{|}";

/// `authority`: what stands between `://` and the path.
tl::expected<std::string, Problem> host_of(const UrlKey& key, std::string_view url,
                                           std::string_view authority) {
  std::string_view port;
  std::string_view host;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return bad_url(key, url, "has no `]` behind its address");
    host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
    const auto address = net::parse_ip(host);
    if (!address || address->is_v4())
      return bad_url(key, url, "has no IPv6 address in its brackets");
  } else {
    const std::size_t colon = authority.find(':');
    host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
    if (!std::all_of(host.begin(), host.end(), is_host_char))
      return bad_url(key, url, "has a host with characters that no host name has");
  }
  if (host.empty()) return bad_url(key, url, "has no host");
  if (!port.empty()) {
    const auto number = port.front() == ':' ? parse_unsigned(port.substr(1)) : std::nullopt;
    if (!number || *number == 0 || *number > 65535) return bad_url(key, url, "has a bad port");
  }
  return std::string{host};
}

std::string_view authority_of(std::string_view url, std::size_t scheme) {
  const std::string_view behind = url.substr(scheme + 3);
  return behind.substr(0, behind.find_first_of("/?"));
}

}  // namespace

tl::expected<std::vector<unsigned>, Problem> parse_lcores(std::string_view text) {
  const auto bad = [text](std::string_view why) {
    return tl::unexpected{
        Problem{fmt::format("`dpdk.lcores` is {}: {}", quoted(text), why),
                "give at least two, such as \"0-1\", or \"0@0,1@0\" to put two on one CPU"}};
  };
  std::vector<unsigned> lcores;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    std::string_view item = rest.substr(0, comma);
    const std::size_t at = item.find('@');
    if (at != std::string_view::npos) {
      if (!parse_unsigned(item.substr(at + 1))) return bad("no CPU number behind the `@`");
      item = item.substr(0, at);
    }
    const std::size_t dash = item.find('-');
    const auto first = parse_unsigned(item.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : parse_unsigned(item.substr(dash + 1));
    if (!first || !last || *last < *first) return bad("not a list of lcores");
    if (at != std::string_view::npos && *first != *last) return bad("a range before an `@`");
    if (*last > kMaxLcore) return bad(fmt::format("the highest lcore is {}", kMaxLcore));
    for (unsigned lcore = *first; lcore <= *last; ++lcore) {
      if (std::find(lcores.begin(), lcores.end(), lcore) != lcores.end())
        return bad(fmt::format("lcore {} stands in it twice", lcore));
      lcores.push_back(lcore);
    }
    if (comma == std::string_view::npos) break;
    rest = rest.substr(comma + 1);
  }
  if (lcores.size() < 2) return bad("one lcore is control's, so that none is left for a worker");
  return lcores;
}

std::optional<Problem> check_eal_arg(std::string_view arg) {
  constexpr std::array<std::string_view, 5> kTaken{"-l", "-c", "--lcores", "--main-lcore", "-S"};
  for (const std::string_view taken : kTaken) {
    const bool is_long = taken.starts_with("--");
    if (arg == taken || (is_long && arg.starts_with(std::string{taken} + "=")) ||
        (!is_long && arg.starts_with(taken) && !arg.starts_with("--"))) {
      return Problem{fmt::format("`dpdk.args` holds {}", quoted(arg)),
                     "leave it out and set `dpdk.lcores`"};
    }
  }
  return std::nullopt;
}

tl::expected<std::string, Problem> portal_host(std::string_view key, std::string_view url) {
  if (url.size() > http::kMaxPortalUrl) {
    return tl::unexpected{
        Problem{fmt::format("`{}` is {} bytes long", key, url.size()),
                fmt::format("make it {} bytes shorter: at most {} fit into the smallest answer",
                            url.size() - http::kMaxPortalUrl, http::kMaxPortalUrl)}};
  }
  const UrlKey where{key,
                     "it must be like \"http://192.0.2.10/login\" or \"https://portal.example/\""};
  if (!is_in_urls(url)) return bad_url(where, url, kNoSuchCharacters);
  const std::size_t scheme = url.find("://");
  const std::string_view name = url.substr(0, scheme);
  if (scheme == std::string_view::npos || (name != "http" && name != "https"))
    return bad_url(where, url, "is no http or https URL");
  return host_of(where, url, authority_of(url, scheme));
}

tl::expected<std::string, Problem> api_host(std::string_view key, std::string_view url) {
  constexpr std::size_t kMax = net::CapportOptions::kMaxUri;
  if (url.size() > kMax) {
    return tl::unexpected{
        Problem{fmt::format("`{}` is {} bytes long", key, url.size()),
                fmt::format("make it {} bytes shorter: at most {} fit into the option of DHCP",
                            url.size() - kMax, kMax)}};
  }
  const UrlKey where{key,
                     "clients ask the API by HTTPS alone: \"https://portal.example/capport\", or "
                     "\"urn:ietf:params:capport:unrestricted\" where there is no portal"};
  if (!is_in_urls(url)) return bad_url(where, url, kNoSuchCharacters);
  if (!url.starts_with("https://")) return bad_url(where, url, "is no https URL");
  return host_of(where, url, authority_of(url, url.find("://")));
}

tl::expected<VlanRange, Problem> check_vlan(std::string_view key, std::int64_t vlan) {
  if (vlan < 0 || vlan > net::kMaxVlan) {
    return tl::unexpected{
        Problem{fmt::format("`{}` holds {}", key, vlan),
                fmt::format("a VLAN is from 1 to {}; 0 is untagged", net::kMaxVlan)}};
  }
  return VlanRange{static_cast<std::uint16_t>(vlan), static_cast<std::uint16_t>(vlan)};
}

tl::expected<VlanRange, Problem> parse_vlans(std::string_view key, std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_unsigned(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_unsigned(text.substr(dash + 1));
  if (!first || !last || *first > *last) {
    return tl::unexpected{
        Problem{fmt::format("`{}` holds {}, which is no range of VLANs", key, quoted(text)),
                "write it like \"30-39\""}};
  }
  if (*last > net::kMaxVlan) {
    return tl::unexpected{
        Problem{fmt::format("`{}` holds {}", key, quoted(text)),
                fmt::format("a VLAN is from 1 to {}; 0 is untagged", net::kMaxVlan)}};
  }
  return VlanRange{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

tl::expected<net::IpAddress, Problem> parse_host_address(std::string_view key,
                                                         std::string_view text) {
  const auto address = net::parse_ip(text);
  if (!address) {
    return tl::unexpected{
        Problem{fmt::format("`{}` holds {}, which is no IP address", key, quoted(text)),
                "write it like \"192.0.2.53\" or \"2001:db8::53\""}};
  }
  if (!address->is_unicast_host()) {
    return tl::unexpected{
        Problem{fmt::format("`{}` holds {}, which is no host's address", key, quoted(text)),
                "give the address that guests send to"}};
  }
  return *address;
}

tl::expected<net::Cidr, Problem> parse_prefix(std::string_view key, std::string_view text) {
  if (const auto cidr = net::parse_cidr(text)) return *cidr;
  const std::size_t slash = text.find('/');
  const auto address = net::parse_ip(text.substr(0, slash));
  const auto length =
      slash == std::string_view::npos ? std::nullopt : parse_unsigned(text.substr(slash + 1));
  if (!address || !length || *length > (address->is_v4() ? 32U : 128U)) {
    return tl::unexpected{
        Problem{fmt::format("`{}` holds {}, which is no prefix", key, quoted(text)),
                "write it like \"192.0.2.0/24\", \"2001:db8::/32\" or \"192.0.2.10\""}};
  }
  // It reads well but is refused: bits are set behind the length.
  const unsigned kept = *length + (address->is_v4() ? 96 : 0);
  net::IpAddress meant = *address;
  if (kept < 64) meant.high = kept == 0 ? 0 : meant.high >> (64 - kept) << (64 - kept);
  if (kept <= 64) meant.low = 0;
  if (kept > 64 && kept < 128) meant.low = meant.low >> (128 - kept) << (128 - kept);
  return tl::unexpected{
      Problem{fmt::format("`{}` holds {}, which has bits set behind its length", key, quoted(text)),
              fmt::format("\"{}/{}\" was probably meant, or \"{}\" for the one host",
                          net::to_string(meant), *length, net::to_string(*address))}};
}

tl::expected<policy::GardenPrefix, Problem> parse_garden_prefix(std::string_view key,
                                                                std::string_view text) {
  const std::size_t space = text.find(' ');
  const auto range = parse_prefix(key, text.substr(0, space));
  if (!range) return tl::unexpected{range.error()};
  policy::GardenPrefix prefix{.range = *range};
  if (space == std::string_view::npos) return prefix;
  auto ports = policy::parse_ports(text.substr(space + 1));
  if (!ports) {
    return tl::unexpected{
        Problem{fmt::format("`{}` holds {}, whose ports are no list", key, quoted(text)),
                fmt::format("write it like \"192.0.2.10 80,443\" or \"192.0.2.10 8000-8010\", at "
                            "most {} of them",
                            policy::GardenPrefix::kMaxPorts)}};
  }
  prefix.ports = std::move(*ports);
  return prefix;
}

}  // namespace gate511::control
