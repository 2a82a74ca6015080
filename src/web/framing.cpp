// SPDX-License-Identifier: BSD-3-Clause
#include "web/framing.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "web/text.hpp"

namespace gate511::web {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

Framing refused(int status) noexcept {
  return {Framing::State::kRefused, 0, status, true};
}

/// RFC 9110, 5.6.2.
bool is_token_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}

/// What is wrong with `METHOD SP TARGET SP VERSION`, as a status; 0: nothing.
int check_request_line(std::string_view line, bool& is_post) noexcept {
  const std::size_t space = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (space == line.npos || last == space) return 400;
  const std::string_view method = line.substr(0, space);
  const std::string_view target = line.substr(space + 1, last - space - 1);
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return version.starts_with("HTTP/") ? 505 : 400;
  if (!std::all_of(method.begin(), method.end(), is_token_char)) return 400;
  if (target.size() > kMaxTarget) return 414;
  const bool is_plain =
      std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!target.starts_with('/') || !is_plain) return 400;
  is_post = method == "POST";
  return is_post || method == "GET" || method == "HEAD" ? 0 : 405;
}

/// The fields that say how a message is framed.
struct Fields {
  std::size_t length = 0;
  bool has_length = false;
  bool has_host = false;
  bool closes = false;
};

/// RFC 9110, 7.6.1: a list, in any case.
bool has_close(std::string_view list) noexcept {
  while (!list.empty()) {
    const std::string_view option = list.substr(0, list.find(','));
    if (equals_ignoring_case(trimmed(option), "close")) return true;
    list.remove_prefix(std::min(list.size(), option.size() + 1));
  }
  return false;
}

int take_length(std::string_view value, Fields& fields) noexcept {
  if (fields.has_length) return 400;
  fields.has_length = true;
  constexpr std::size_t kMaxDigits = 9;
  if (value.empty() || value.size() > kMaxDigits) return value.empty() ? 400 : 413;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), fields.length);
  if (read.ec != std::errc{} || read.ptr != value.data() + value.size()) return 400;
  return fields.length > kMaxBody ? 413 : 0;
}

int check_field(std::string_view line, Fields& fields) noexcept {
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == line.npos) return 400;
  const std::string_view name = line.substr(0, colon);
  // Also where a line continues the one before it (RFC 9112, 5.2).
  if (!std::all_of(name.begin(), name.end(), is_token_char)) return 400;
  const std::string_view value = trimmed(line.substr(colon + 1));
  const bool has_control = std::any_of(value.begin(), value.end(), [](char c) {
    return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f;
  });
  if (has_control) return 400;
  if (equals_ignoring_case(name, "content-length")) return take_length(value, fields);
  if (equals_ignoring_case(name, "transfer-encoding")) return 411;
  if (equals_ignoring_case(name, "content-encoding")) return 415;
  if (equals_ignoring_case(name, "expect")) return 417;
  if (equals_ignoring_case(name, "connection")) fields.closes |= has_close(value);
  if (!equals_ignoring_case(name, "host")) return 0;
  if (fields.has_host) return 400;
  fields.has_host = true;
  return 0;
}

}  // namespace

Framing frame_request(std::string_view input) noexcept {
  // What begins otherwise, such as TLS on a plain port, is not waited for.
  if (!input.empty() && (input.front() < 'A' || input.front() > 'Z')) return refused(400);
  const std::size_t head = input.substr(0, kMaxHead + 4).find("\r\n\r\n");
  if (head == input.npos) return input.size() > kMaxHead ? refused(431) : Framing{};

  std::string_view rest = input.substr(0, head + kLineEnd.size());
  const auto next_line = [&rest] {
    const std::string_view line = rest.substr(0, rest.find(kLineEnd));
    rest.remove_prefix(line.size() + kLineEnd.size());
    return line;
  };
  bool is_post = false;
  const std::string_view request_line = next_line();
  if (const int status = check_request_line(request_line, is_post); status != 0)
    return refused(status);
  Fields fields;
  std::size_t count = 0;
  while (!rest.empty()) {
    if (++count > kMaxFields) return refused(431);
    if (const int status = check_field(next_line(), fields); status != 0) return refused(status);
  }
  const bool is_1_0 = request_line.ends_with("0");
  // RFC 9112, 3.2.
  if (!fields.has_host && !is_1_0) return refused(400);
  if (fields.length > 0 && !is_post) return refused(400);
  if (is_post && !fields.has_length) return refused(411);
  const std::size_t bytes = head + 4 + fields.length;
  if (input.size() < bytes) return {};
  return {Framing::State::kWhole, bytes, 0, fields.closes || is_1_0};
}

}  // namespace gate511::web
