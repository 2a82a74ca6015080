// SPDX-License-Identifier: BSD-3-Clause
#include "net/ip.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace gate511::net {
namespace {

/// The address with every bit behind the first `length` of 128 set to `bit`.
IpAddress fill_behind(IpAddress address, unsigned length, bool bit) {
  const auto fill = [bit](std::uint64_t word, unsigned kept) {
    const std::uint64_t behind = kept >= 64 ? 0 : ~std::uint64_t{0} >> kept;
    return bit ? word | behind : word & ~behind;
  };
  address.high = fill(address.high, length);
  address.low = fill(address.low, length <= 64 ? 0 : length - 64);
  return address;
}

}  // namespace

bool IpAddress::is_unicast_host() const noexcept {
  if (is_v4()) {
    const std::uint32_t first = v4_value() >> 24;
    return first != 0 && first != 127 && first < 224;
  }
  const bool unspecified_or_loopback = high == 0 && low <= 1;
  return !unspecified_or_loopback && high >> 56 != 0xff;
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated{text};
  std::array<std::byte, 16> bytes{};
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1)
    return IpAddress::v4(load_be32(bytes, 0));
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1)
    return IpAddress::load_v6(bytes, 0);
  return std::nullopt;
}

std::string to_string(const IpAddress& address) {
  std::array<std::byte, 16> bytes{};
  address.store_v6(bytes, 0);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.is_v4()) {
    inet_ntop(AF_INET, bytes.data() + 12, text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  }
  return text.data();
}

std::optional<Cidr> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned bits = address->is_v4() ? 32 : 128;
  unsigned length = bits;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size() || length > bits)
      return std::nullopt;
  }
  const unsigned length128 = length + (128 - bits);
  const Cidr cidr{fill_behind(*address, length128, false), fill_behind(*address, length128, true)};
  if (cidr.first != *address) return std::nullopt;
  return cidr;
}

IpSet::IpSet(std::vector<Cidr> prefixes) {
  std::sort(prefixes.begin(), prefixes.end(),
            [](const Cidr& a, const Cidr& b) { return a.first < b.first; });
  std::vector<Cidr> v4, v6;
  for (const Cidr& range : prefixes) {
    std::vector<Cidr>& merged = range.first.is_v4() ? v4 : v6;
    if (!merged.empty() && range.first <= merged.back().last) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  const std::size_t v4_size = v4.size();
  v4.insert(v4.end(), v6.begin(), v6.end());
  owned_ = std::make_shared<const std::vector<Cidr>>(std::move(v4));
  v4_ = std::span{*owned_}.first(v4_size);
  v6_ = std::span{*owned_}.subspan(v4_size);
}

bool IpSet::operator==(const IpSet& other) const noexcept {
  return owned_ == other.owned_ ||
         (std::ranges::equal(v4_, other.v4_) && std::ranges::equal(v6_, other.v6_));
}

bool IpSet::contains(const IpAddress& address) const noexcept {
  const std::span<const Cidr> ranges = address.is_v4() ? v4_ : v6_;
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), address,
                       [](const IpAddress& a, const Cidr& range) { return a < range.first; });
  return after != ranges.begin() && address <= std::prev(after)->last;
}

}  // namespace gate511::net
