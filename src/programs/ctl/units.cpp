// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <ctime>

namespace gate511::ctl {
namespace {

constexpr double kMaxCount = 9e15;  // whole numbers up to here are exact in a double

/// Takes a number off the front of `text`.
std::optional<double> take_number(std::string_view& text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number) || std::signbit(number)) return std::nullopt;
  text = {rest, static_cast<std::size_t>(end - rest)};
  return number;
}

bool take(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

/// `1.5G` and what follows it, which is left in `text`.
std::optional<std::uint64_t> take_scaled(std::string_view& text) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  double scale = 1;
  constexpr std::string_view kPrefixes = "kMGT";
  if (!text.empty()) {
    const char first = text.front() == 'K' ? 'k' : text.front();
    if (const auto at = kPrefixes.find(first); at != std::string_view::npos) {
      text.remove_prefix(1);
      scale = std::pow(take(text, "i") ? 1024.0 : 1000.0, static_cast<double>(at) + 1);
    }
  }
  const double value = std::round(*number * scale);
  if (value > kMaxCount) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::string scaled(double value, std::string_view unit) {
  constexpr std::array kPrefixes{"", "k", "M", "G", "T", "P"};
  std::size_t prefix = 0;
  while (value >= 999.5 && prefix + 1 < kPrefixes.size()) {
    value /= 1000;
    ++prefix;
  }
  const bool whole = prefix == 0 && value == std::floor(value);
  const int digits = whole || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}{}", value, digits, kPrefixes.at(prefix), unit);
}

}  // namespace

std::optional<std::uint64_t> parse_duration(std::string_view text) {
  constexpr std::uint64_t kMax_s = 1'000'000'000'000;
  if (text.empty()) return std::nullopt;
  std::uint64_t sum = 0;
  while (!text.empty()) {
    std::uint64_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc{} || count > kMax_s) return std::nullopt;
    text = {rest, static_cast<std::size_t>(end - rest)};
    const bool is_bare = text.empty();
    if (is_bare && sum != 0) return std::nullopt;  // `1h30`: thirty of what?
    std::uint64_t unit_s = 1;
    if (take(text, "w")) {
      unit_s = 604'800;
    } else if (take(text, "d")) {
      unit_s = 86'400;
    } else if (take(text, "h")) {
      unit_s = 3'600;
    } else if (take(text, "m")) {
      unit_s = 60;
    } else if (!take(text, "s") && !is_bare) {
      return std::nullopt;
    }
    sum += count * unit_s;
  }
  return sum;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto value = take_scaled(text);
  return text.empty() || text == "B" ? value : std::nullopt;
}

std::optional<std::uint64_t> parse_rate(std::string_view text) {
  const auto value = take_scaled(text);
  return text.empty() || text == "bit/s" || text == "bps" ? value : std::nullopt;
}

std::optional<std::uint64_t> parse_time(std::string_view text) {
  std::uint64_t seconds = 0;
  const char* const end = text.data() + text.size();
  if (const auto [rest, error] = std::from_chars(text.data(), end, seconds);
      error == std::errc{} && rest == end)
    return seconds;
  const std::string given{text};
  for (const char* format : {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* const rest = ::strptime(given.c_str(), format, &parts);
    if (rest == nullptr || *rest != '\0') continue;
    const std::time_t at = ::timegm(&parts);
    if (at >= 0) return static_cast<std::uint64_t>(at);
  }
  return std::nullopt;
}

std::string show_duration(std::uint64_t seconds) {
  if (seconds >= 86'400) return fmt::format("{}d {}h", seconds / 86'400, seconds % 86'400 / 3'600);
  if (seconds >= 3'600) return fmt::format("{}h {}m", seconds / 3'600, seconds % 3'600 / 60);
  if (seconds >= 60) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  return fmt::format("{}s", seconds);
}

std::string show_size(std::uint64_t bytes) {
  return scaled(static_cast<double>(bytes), "B");
}

std::string show_rate(double bits_per_s) {
  return scaled(bits_per_s, "bit/s");
}

std::string show_per_s(double count) {
  return scaled(std::round(count), "/s");
}

std::string show_count(std::uint64_t count) {
  const std::string digits = std::to_string(count);
  std::string grouped;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) grouped.push_back(',');
    grouped.push_back(digits[i]);
  }
  return grouped;
}

std::string show_time(std::uint64_t unix_s) {
  const auto at = static_cast<std::time_t>(unix_s);
  std::tm parts{};
  std::array<char, 64> text{};
  if (::gmtime_r(&at, &parts) == nullptr) return std::to_string(unix_s);
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%SZ", &parts);
  return {text.data(), size};
}

}  // namespace gate511::ctl
