// SPDX-License-Identifier: BSD-3-Clause
#include "control/host_list.hpp"

#include <fmt/format.h>
#include <idn2.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

#include "http/host_set.hpp"

namespace gate511::control {
namespace {

constexpr std::size_t kMaxFile = std::size_t{16} << 20;

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// For an error: a list may hold anything.
std::string shown(std::string_view text) {
  constexpr std::size_t kMaxShown = 80;
  std::string out;
  for (const char c : text.substr(0, kMaxShown)) out += (c >= 0 && c < ' ') || c == 0x7f ? '?' : c;
  return out + (text.size() > kMaxShown ? "..." : "");
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

tl::expected<std::string, BadHost> parse_host(std::string_view text) {
  const auto bad = [text](std::string_view what, std::string hint) {
    return tl::unexpected{BadHost{fmt::format("\"{}\" {}", shown(text), what), std::move(hint)}};
  };
  std::string name{text};
  if (text.starts_with('/'))
    return bad("is an expression", "give names, such as a.example or *.a.example");
  if (!is_ascii(text)) {
    const bool is_below = text.starts_with("*.");
    const std::string plain{is_below ? text.substr(2) : text};
    char* converted = nullptr;
    const int outcome = ::idn2_to_ascii_8z(plain.c_str(), &converted, IDN2_NONTRANSITIONAL);
    const std::unique_ptr<char, void (*)(void*)> owned{converted, ::idn2_free};
    if (outcome != IDN2_OK || plain.size() != std::strlen(plain.c_str())) {
      return bad(
          fmt::format("is no name that can be written in ASCII: {}", ::idn2_strerror(outcome)),
          "write it in UTF-8, or as it stands in DNS (xn--...)");
    }
    name = (is_below ? "*." : "") + std::string{converted};
  }
  if (const auto wrong = http::check_host_name(name))
    return tl::unexpected{BadHost{wrong->what, wrong->hint}};
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (name.ends_with('.')) name.pop_back();
  return name;
}

tl::expected<std::vector<std::string>, Error> parse_host_list(std::string_view text,
                                                              std::string_view source) {
  std::vector<std::string> names;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view whole = text.substr(0, end);
    const std::string_view name = trim(whole.substr(0, whole.find('#')));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (name.empty()) continue;
    auto parsed = parse_host(name);
    if (!parsed) {
      return tl::unexpected{
          Error{fmt::format("{}:{}", source, line), parsed.error().what, parsed.error().hint}};
    }
    names.push_back(std::move(*parsed));
  }
  return names;
}

tl::expected<std::vector<std::string>, Error> read_host_list(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::string text;
  if (file) text.assign(std::istreambuf_iterator<char>{file}, {});
  if (!file.good() && !file.eof()) {
    return tl::unexpected{
        Error{path, "this list of hosts cannot be read", "see that it is there and readable"}};
  }
  if (text.size() > kMaxFile) {
    return tl::unexpected{
        Error{path, fmt::format("this list of hosts is {} bytes long", text.size()),
              fmt::format("at most {} are read: shorten it, or use *.suffix", kMaxFile)}};
  }
  return parse_host_list(text, path);
}

}  // namespace gate511::control
