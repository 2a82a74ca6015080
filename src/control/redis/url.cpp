// SPDX-License-Identifier: BSD-3-Clause
#include "control/redis/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "net/ip.hpp"

namespace gate511::control::redis {
namespace {

constexpr std::string_view kPlain = "redis://";
constexpr std::string_view kTls = "rediss://";
constexpr std::size_t kMaxHost = 253;

std::optional<unsigned> digit_of(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

/// RFC 3986, 2.1. nullopt: a percent sign without two digits, or a byte that no password has.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const auto high = digit_of(text[i + 1]), low = digit_of(text[i + 2]);
      if (!high || !low) return std::nullopt;
      c = static_cast<char>(*high << 4 | *low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return std::nullopt;
    out.push_back(c);
  }
  return out;
}

template <typename Number>
std::optional<Number> number_of(std::string_view text, Number min, Number max) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < min || number > max)
    return std::nullopt;
  return number;
}

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= kMaxHost && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

}  // namespace

std::string Url::shown() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}{}:{}/{}", is_tls ? kTls : kPlain, is_v6 ? "[" : "", host,
                     is_v6 ? "]" : "", port, database);
}

tl::expected<Url, std::string> parse_url(std::string_view text) {
  const auto wrong = [](std::string what) { return tl::unexpected{std::move(what)}; };
  if (!text.starts_with(kPlain) && !text.starts_with(kTls))
    return wrong("it begins neither with redis:// nor with rediss://");
  Url url;
  url.is_tls = text.starts_with(kTls);
  text.remove_prefix(url.is_tls ? kTls.size() : kPlain.size());
  // A password may hold what would end the host, but not unescaped.
  const std::size_t slash = text.find('/');
  std::string_view place = text.substr(0, slash);
  const std::string_view path = slash == std::string_view::npos ? "" : text.substr(slash + 1);
  if (const std::size_t at = place.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = place.substr(0, at);
    place.remove_prefix(at + 1);
    const std::size_t colon = who.find(':');
    if (colon == std::string_view::npos || who.find('@') != std::string_view::npos)
      return wrong("before the `@` stands no `user:password`; write other signs as %XX");
    auto user = decoded(who.substr(0, colon)), password = decoded(who.substr(colon + 1));
    if (!user || !password || password->empty())
      return wrong("its user or password cannot be read; write other signs as %XX");
    url.user = std::move(*user);
    url.password = std::move(*password);
  }
  std::string_view port;
  if (place.starts_with('[')) {
    const std::size_t end = place.find(']');
    if (end == std::string_view::npos) return wrong("its address has no closing `]`");
    url.host = place.substr(1, end - 1);
    const auto address = net::parse_ip(url.host);
    if (!address || url.host.find(':') == std::string::npos)
      return wrong("between its brackets stands no IPv6 address");
    place.remove_prefix(end + 1);
    if (!place.empty() && !place.starts_with(':')) return wrong("behind the `]` stands no port");
    port = place;
  } else {
    const std::size_t colon = place.find(':');
    url.host = place.substr(0, colon);
    port = colon == std::string_view::npos ? "" : place.substr(colon);
    if (!is_host(url.host)) return wrong("it names no host");
  }
  if (!port.empty()) {
    const auto number = number_of<std::uint16_t>(port.substr(1), 1, 65'535);
    if (!number) return wrong("its port is no number from 1 to 65535");
    url.port = *number;
  }
  if (!path.empty()) {
    const auto number = number_of<std::uint32_t>(path, 0, Url::kMaxDatabase);
    if (!number) return wrong("behind the `/` stands no number of a database");
    url.database = *number;
  }
  return url;
}

}  // namespace gate511::control::redis
