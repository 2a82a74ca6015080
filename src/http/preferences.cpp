// SPDX-License-Identifier: BSD-3-Clause
#include "http/preferences.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "http/text.hpp"

namespace gate511::http {
namespace {

constexpr std::size_t kMaxField = 256;  ///< bytes that are looked at
constexpr int kFullWeight = 1000;

/// Cuts off what stands before `separator`, or all of it.
std::string_view cut(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view first = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return trim(first);
}

/// RFC 9110, 12.4.2: `0`, `0.5`, `1.000`, in thousandths.
std::optional<int> read_weight(std::string_view text) {
  constexpr std::size_t kLongest = 5;
  if (text.empty() || text.size() > kLongest || (text[0] != '0' && text[0] != '1'))
    return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int weight = (text[0] - '0') * kFullWeight;
  int unit = kFullWeight / 10;
  for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (c < '0' || c > '9') return std::nullopt;
    weight += (c - '0') * unit;
    unit /= 10;
  }
  return weight <= kFullWeight ? std::optional{weight} : std::nullopt;
}

/// Calls `each(value, weight)` for the members of a list with weights. A member that is not whole,
/// since the field is too long, is not looked at.
void for_members(std::string_view field, auto&& each) {
  if (field.size() > kMaxField) {
    field = field.substr(0, kMaxField);
    field = field.substr(0, std::min(field.rfind(','), field.size()));
  }
  while (!field.empty()) {
    std::string_view parameters = cut(field, ',');
    const std::string_view value = cut(parameters, ';');
    std::optional<int> weight = kFullWeight;
    while (!parameters.empty()) {
      std::string_view parameter = cut(parameters, ';');
      if (equal_any_case(cut(parameter, '='), "q")) weight = read_weight(trim(parameter));
    }
    if (weight && !value.empty()) each(value, *weight);
  }
}

}  // namespace

bool prefers_json(std::string_view accept) noexcept {
  // Most clients name no JSON, and are done with here.
  if (accept.find('j') == accept.npos && accept.find('J') == accept.npos) return false;
  constexpr int kUnnamed = -1;
  int json = kUnnamed, html = kUnnamed, text = kUnnamed, any = kUnnamed;
  for_members(accept, [&](std::string_view range, int weight) {
    const auto weigh = [weight](int& kept) { kept = std::max(kept, weight); };
    if (equal_any_case(range, "application/json") ||
        equal_any_case(range, "application/problem+json")) {
      weigh(json);
    } else if (equal_any_case(range, "text/html") ||
               equal_any_case(range, "application/xhtml+xml")) {
      weigh(html);
    } else if (range == "text/*") {
      weigh(text);
    } else if (range == "*/*") {
      weigh(any);
    }
  });
  if (json <= 0) return false;
  if (html != kUnnamed) return json > html;
  return json >= (text != kUnnamed ? text : any);
}

Language preferred_language(std::string_view accept_language, Language otherwise) noexcept {
  Language best = otherwise;
  int best_weight = 0;
  for_members(accept_language, [&](std::string_view range, int weight) {
    if (weight <= best_weight) return;
    const std::string_view primary = range.substr(0, range.find('-'));
    if (primary == "*") {
      best = otherwise;
      best_weight = weight;
      return;
    }
    if (primary.size() != 2) return;
    const std::array<char, 2> code{lower(primary[0]), lower(primary[1])};
    for (const LanguageInfo& one : kLanguages) {
      if (code[0] != one.code[0] || code[1] != one.code[1]) continue;
      best = one.language;
      best_weight = weight;
    }
  });
  return best;
}

}  // namespace gate511::http
