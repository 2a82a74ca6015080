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
constexpr std::string_view kPlainSentinel = "redis+sentinel://";
constexpr std::string_view kTlsSentinel = "rediss+sentinel://";
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

tl::expected<Url::Place, std::string> parse_place(std::string_view text, std::uint16_t usual) {
  const auto wrong = [](const char* what) { return tl::unexpected{std::string{what}}; };
  Url::Place place{{}, usual};
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return wrong("its address has no closing `]`");
    place.host = text.substr(1, end - 1);
    if (!net::parse_ip(place.host) || place.host.find(':') == std::string::npos)
      return wrong("between its brackets stands no IPv6 address");
    port = text.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return wrong("behind the `]` stands no port");
  } else {
    const std::size_t colon = text.find(':');
    place.host = text.substr(0, colon);
    port = colon == std::string_view::npos ? "" : text.substr(colon);
    if (!is_host(place.host)) return wrong("it names no host");
  }
  if (!port.empty()) {
    const auto number = number_of<std::uint16_t>(port.substr(1), 1, 65'535);
    if (!number) return wrong("its port is no number from 1 to 65535");
    place.port = *number;
  }
  return place;
}

}  // namespace

std::optional<Url::Place> named_place(std::string_view host, std::optional<std::uint64_t> port) {
  if (!net::parse_ip(host) && !is_host(host)) return std::nullopt;
  if (!port || *port == 0 || *port > 65'535) return std::nullopt;
  return Url::Place{std::string{host}, static_cast<std::uint16_t>(*port)};
}

std::string Url::shown() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}{}:{}/{}", is_tls ? kTls : kPlain, is_v6 ? "[" : "", host,
                     is_v6 ? "]" : "", port, database);
}

tl::expected<Url, std::string> parse_url(std::string_view text) {
  const auto wrong = [](std::string what) { return tl::unexpected{std::move(what)}; };
  const bool has_sentinels = text.starts_with(kPlainSentinel) || text.starts_with(kTlsSentinel);
  if (!has_sentinels && !text.starts_with(kPlain) && !text.starts_with(kTls))
    return wrong("it begins neither with redis:// nor with rediss://");
  Url url;
  url.is_tls = text.starts_with(kTls) || text.starts_with(kTlsSentinel);
  text.remove_prefix(text.find("://") + 3);
  // A password may hold what would end the host, but not unescaped.
  const std::size_t slash = text.find('/');
  std::string_view place = text.substr(0, slash);
  std::string_view path = slash == std::string_view::npos ? "" : text.substr(slash + 1);
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
  const std::uint16_t usual = has_sentinels ? Url::kSentinelPort : Url::kPort;
  for (std::size_t begin = 0; begin <= place.size();) {
    const std::size_t comma = has_sentinels ? place.find(',', begin) : std::string_view::npos;
    auto one = parse_place(place.substr(begin, comma - begin), usual);
    if (!one) return tl::unexpected{one.error()};
    url.sentinels.push_back(std::move(*one));
    if (comma == std::string_view::npos) break;
    begin = comma + 1;
  }
  url.host = url.sentinels.front().host;
  url.port = url.sentinels.front().port;
  if (!has_sentinels) {
    url.sentinels.clear();
  } else {
    const std::size_t end = path.find('/');
    url.master = path.substr(0, end);
    path = end == std::string_view::npos ? "" : path.substr(end + 1);
    if (!is_host(url.master)) return wrong("behind the `/` stands no name of a master");
  }
  if (!path.empty()) {
    const auto number = number_of<std::uint32_t>(path, 0, Url::kMaxDatabase);
    if (!number) return wrong("behind the `/` stands no number of a database");
    url.database = *number;
  }
  return url;
}

}  // namespace gate511::control::redis
