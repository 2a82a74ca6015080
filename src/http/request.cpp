// SPDX-License-Identifier: BSD-3-Clause
#include "http/request.hpp"

#include <algorithm>

namespace gate511::http {
namespace {

constexpr std::size_t kMaxScan = 2048;  ///< bytes; what stands behind is not looked at
constexpr std::size_t kMaxHost = 253;   ///< RFC 1035, 2.3.4, as text

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_ldh(char c) {
  return is_digit(c) || is_alpha(c) || c == '-' || c == '.';
}
constexpr bool is_printable(char c) {
  return c > 0x20 && c < 0x7f;
}
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c;
}

bool equal_any_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kOws = " \t";  // RFC 9110, 5.6.3
  const std::size_t first = text.find_first_not_of(kOws);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kOws) - first + 1);
}

/// Cuts the first line off `rest`: ended by CRLF or, as RFC 9112, 2.2 allows to read, by a bare LF.
/// False if no line end is there.
bool next_line(std::string_view& rest, std::string_view& line) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return false;
  line = rest.substr(0, end);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  rest.remove_prefix(end + 1);
  return true;
}

/// RFC 9110, 7.2: host [ ":" port ]. Anything but an LDH host is refused, a literal IPv6 too.
void read_authority(std::string_view text, Request& request) {
  request.host = request.port = {};
  const std::size_t colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  const std::string_view port =
      colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  if (host.empty() || host.size() > kMaxHost || !std::all_of(host.begin(), host.end(), is_ldh))
    return;
  if (port.size() > 5 || !std::all_of(port.begin(), port.end(), is_digit)) return;
  request.host = host;
  request.port = port;
}

/// RFC 9112, 3: method SP request-target SP HTTP-version.
bool read_request_line(std::string_view line, Request& request, bool& absolute) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return false;
  request.is_head = line.substr(0, first) == "HEAD";
  std::string_view target = line.substr(first + 1, last - first - 1);
  if (line.substr(last + 1, 5) != "HTTP/" ||
      !std::all_of(target.begin(), target.end(), is_printable))
    return false;
  constexpr std::string_view kScheme = "http://";
  absolute =
      target.size() > kScheme.size() && equal_any_case(target.substr(0, kScheme.size()), kScheme);
  if (absolute) {
    // RFC 9112, 3.2.2: the authority of an absolute target stands before the Host field.
    target.remove_prefix(kScheme.size());
    const std::size_t path = target.find_first_of("/?#");
    read_authority(target.substr(0, path), request);
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  if (target.starts_with('/')) request.target = target;
  return true;
}

constexpr bool is_unreserved(char c) {  // RFC 3986, 2.3
  return is_ldh(c) || c == '_' || c == '~';
}

void append(ReturnUrl& url, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const std::size_t needed = is_unreserved(c) ? 1 : 3;
    if (url.size + needed > ReturnUrl::kMax) {
      url.size = ReturnUrl::kMax + 1;  // over, and stays so
      return;
    }
    if (needed == 1) {
      url.text[url.size++] = c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    url.text[url.size++] = '%';
    url.text[url.size++] = kHex[octet >> 4];
    url.text[url.size++] = kHex[octet & 0xf];
  }
}

}  // namespace

Request scan_request(net::ByteView bytes) noexcept {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): octets read as characters
  std::string_view rest{reinterpret_cast<const char*>(bytes.data()),
                        std::min(bytes.size(), kMaxScan)};
  Request request;
  // HEAD is known from the first five bytes, even if the line is cut short behind them.
  request.is_head = rest.starts_with("HEAD ");
  std::string_view line;
  bool absolute = false;
  if (!next_line(rest, line) || !read_request_line(line, request, absolute)) return request;
  bool seen_host = false;
  while (next_line(rest, line) && !line.empty()) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !equal_any_case(line.substr(0, colon), "host")) continue;
    const bool folded = !rest.empty() && (rest.front() == ' ' || rest.front() == '\t');
    if (seen_host || folded) {
      // RFC 9112, 3.2 and 5.2: a second Host or a folded one is an error; whose it is, is not told.
      request.host = request.port = {};
      return request;
    }
    seen_host = true;
    if (!absolute) read_authority(trim(line.substr(colon + 1)), request);
  }
  return request;
}

ReturnUrl return_url(const Request& request) noexcept {
  ReturnUrl url;
  if (request.host.empty() || request.target.empty()) return url;
  append(url, "http://");
  if (url.size <= ReturnUrl::kMax) append(url, request.host);
  if (!request.port.empty()) {
    if (url.size <= ReturnUrl::kMax) append(url, ":");
    if (url.size <= ReturnUrl::kMax) append(url, request.port);
  }
  if (url.size <= ReturnUrl::kMax) append(url, request.target);
  if (url.size > ReturnUrl::kMax) url.size = 0;
  return url;
}

}  // namespace gate511::http
