// SPDX-License-Identifier: BSD-3-Clause
#include "portal/texts.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <stdexcept>

#include "portal/assets.hpp"
#include "portal/web/text.hpp"

namespace gate511::portal {
namespace {

/// RFC 9110, 12.4.2, in thousandths: `1`, `0.8`; what is no weight is 0.
int weight(std::string_view text) noexcept {
  if (text.empty() || (text.front() != '0' && text.front() != '1')) return 0;
  int value = (text.front() - '0') * 1000;
  if (text.size() < 3 || text[1] != '.') return value;
  int place = 100;
  for (const char c : text.substr(2, 3)) {
    if (c < '0' || c > '9') return 0;
    value += (c - '0') * place;
    place /= 10;
  }
  return std::min(value, 1000);
}

}  // namespace

Language choose_language(std::string_view accepted, Language otherwise) noexcept {
  constexpr std::size_t kMaxRead = 256;
  accepted = accepted.substr(0, kMaxRead);
  int best = 0;
  Language chosen = otherwise;
  while (!accepted.empty()) {
    const std::string_view one = accepted.substr(0, accepted.find(','));
    accepted.remove_prefix(std::min(one.size() + 1, accepted.size()));
    const std::string_view range = trimmed(one.substr(0, one.find(';')));
    const std::size_t q = one.find("q=");
    const int weighs = q == one.npos ? 1000 : weight(trimmed(one.substr(q + 2)));
    const std::string_view primary = range.substr(0, range.find('-'));
    for (std::size_t i = 0; i < kLanguageCodes.size(); ++i) {
      if (weighs <= best || !equals_ignoring_case(primary, kLanguageCodes[i])) continue;
      best = weighs;
      chosen = static_cast<Language>(i);
    }
  }
  return chosen;
}

Texts::Texts() {
  for (std::size_t i = 0; i < kLanguageCodes.size(); ++i) {
    const auto read = nlohmann::json::parse(asset(fmt::format("{}.json", kLanguageCodes[i])));
    for (const auto& [key, text] : read.items()) texts_[i].emplace(key, text.get<std::string>());
  }
}

const std::string& Texts::operator()(Language language, std::string_view key) const {
  const auto& texts = of(language);
  const auto found = texts.find(key);
  if (found == texts.end())
    throw std::out_of_range{fmt::format("no text {} in {}", key, code_of(language))};
  return found->second;
}

std::string Texts::duration(Language language, std::uint64_t seconds) const {
  const std::uint64_t minutes = (seconds + 59) / 60, hours = minutes / 60, days = hours / 24;
  const auto part = [&](std::string_view key, std::uint64_t count) {
    return with((*this)(language, key), "n", fmt::format("{}", count));
  };
  if (days > 0) return part("days", days) + (hours % 24 > 0 ? " " + part("hours", hours % 24) : "");
  if (hours > 0)
    return part("hours", hours) + (minutes % 60 > 0 ? " " + part("minutes", minutes % 60) : "");
  return part("minutes", minutes);
}

std::string Texts::size(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, unit == 0 || value >= 9.95 ? 0 : 1, kUnits.at(unit));
}

std::string with(std::string text, std::string_view name, std::string_view value) {
  const std::string place = fmt::format("{{{}}}", name);
  if (const std::size_t at = text.find(place); at != std::string::npos)
    text.replace(at, place.size(), value);
  return text;
}

}  // namespace gate511::portal
