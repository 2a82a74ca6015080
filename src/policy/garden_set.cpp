// SPDX-License-Identifier: BSD-3-Clause
#include "policy/garden_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <utility>

namespace gate511::policy {
namespace {

using net::IpAddress;

IpAddress next(IpAddress address) noexcept {
  if (++address.low == 0) ++address.high;
  return address;
}
IpAddress previous(IpAddress address) noexcept {
  if (address.low-- == 0) --address.high;
  return address;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

/// Wider ones before those that they hold.
bool stands_before(const GardenPrefix& a, const GardenPrefix& b) {
  return a.range.first != b.range.first ? a.range.first < b.range.first
                                        : b.range.last < a.range.last;
}

/// Bits of the prefix, of 128; nullopt where the range is none.
std::optional<unsigned> prefix_length(const net::Cidr& range) {
  const std::uint64_t high = range.first.high ^ range.last.high;
  const std::uint64_t low = range.first.low ^ range.last.low;
  const auto is_mask = [](std::uint64_t word) { return (word & (word + 1)) == 0; };
  if (!is_mask(high) || !is_mask(low) || (high != 0 && low != ~std::uint64_t{0}))
    return std::nullopt;
  return 128 - static_cast<unsigned>(std::popcount(high) + std::popcount(low));
}

}  // namespace

std::optional<std::vector<PortRange>> parse_ports(std::string_view text) {
  std::vector<PortRange> ports;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    const std::size_t dash = item.find('-');
    const auto first = parse_port(item.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_port(item.substr(dash + 1));
    if (!first || !last || *last < *first || ports.size() == GardenPrefix::kMaxPorts)
      return std::nullopt;
    ports.push_back({*first, *last});
    if (comma == std::string_view::npos) return ports;
    text.remove_prefix(comma + 1);
  }
}

std::string to_string(const GardenPrefix& prefix) {
  std::string text = net::to_string(prefix.range.first);
  const bool is_v4 = prefix.range.first.is_v4();
  const auto length = prefix_length(prefix.range);
  if (!length) {
    text += "-" + net::to_string(prefix.range.last);
  } else if (prefix.range.first != prefix.range.last) {
    text += fmt::format("/{}", is_v4 ? *length - 96 : *length);
  }
  for (std::size_t i = 0; i < prefix.ports.size(); ++i) {
    const PortRange& range = prefix.ports[i];
    text += fmt::format("{}{}", i == 0 ? ' ' : ',', range.first);
    if (range.last != range.first) text += fmt::format("-{}", range.last);
  }
  return text;
}

GardenSet::GardenSet(std::vector<GardenPrefix> prefixes) {
  auto made = std::make_shared<Owned>();
  std::stable_sort(prefixes.begin(), prefixes.end(), stands_before);
  // The same prefix twice: the ports of both; all ports win.
  for (GardenPrefix& one : prefixes) {
    if (made->prefixes.empty() || made->prefixes.back().range != one.range) {
      made->prefixes.push_back(std::move(one));
      continue;
    }
    auto& ports = made->prefixes.back().ports;
    if (ports.empty() || one.ports.empty()) {
      ports.clear();
    } else {
      ports.insert(ports.end(), one.ports.begin(), one.ports.end());
    }
  }
  // From the outermost prefix inwards: what stands open is cut where a longer one begins, and goes
  // on behind it.
  struct Open {
    IpAddress last;
    std::uint32_t ports;
  };
  std::vector<Open> open;
  for (const bool v4 : {true, false}) {
    std::vector<Span>& spans = v4 ? made->v4 : made->v6;
    IpAddress at{};
    bool at_the_end = false;  // there is no address behind the last
    const auto emit_to = [&](const IpAddress& last) {
      if (!at_the_end && at <= last) spans.push_back({at, last, open.back().ports});
      at = next(last);
      at_the_end = at_the_end || at == IpAddress{};
    };
    for (const GardenPrefix& one : made->prefixes) {
      if (one.range.first.is_v4() != v4) continue;
      while (!open.empty() && open.back().last < one.range.first) {
        emit_to(open.back().last);
        open.pop_back();
      }
      if (!open.empty() && at < one.range.first) emit_to(previous(one.range.first));
      std::uint32_t ports = 0;
      if (!one.ports.empty()) {
        const auto found = std::find(made->ports.begin() + 1, made->ports.end(), one.ports);
        ports = static_cast<std::uint32_t>(found - made->ports.begin());
        if (found == made->ports.end()) made->ports.push_back(one.ports);
      }
      open.push_back({one.range.last, ports});
      at = one.range.first;
    }
    for (; !open.empty(); open.pop_back()) emit_to(open.back().last);
  }
  owned_ = std::move(made);
}

const std::vector<GardenPrefix>& GardenSet::prefixes() const noexcept {
  static const std::vector<GardenPrefix> kNone;
  return owned_ ? owned_->prefixes : kNone;
}

bool GardenSet::operator==(const GardenSet& other) const noexcept {
  return owned_ == other.owned_ || prefixes() == other.prefixes();
}

const GardenSet::Span* GardenSet::find(const IpAddress& address) const noexcept {
  if (!owned_) return nullptr;
  const std::vector<Span>& spans = address.is_v4() ? owned_->v4 : owned_->v6;
  const auto after =
      std::upper_bound(spans.begin(), spans.end(), address,
                       [](const IpAddress& a, const Span& span) { return a < span.first; });
  if (after == spans.begin() || std::prev(after)->last < address) return nullptr;
  return &*std::prev(after);
}

bool GardenSet::allows(const IpAddress& address, bool has_ports,
                       std::uint16_t port) const noexcept {
  const Span* const span = find(address);
  if (span == nullptr) return false;
  if (span->ports == 0) return true;
  return has_ports && std::ranges::any_of(owned_->ports[span->ports], [port](const PortRange& one) {
           return one.first <= port && port <= one.last;
         });
}

}  // namespace gate511::policy
