// SPDX-License-Identifier: BSD-3-Clause
#include "http/request.hpp"

#include <algorithm>
#include <cstring>

#include "http/h2.hpp"
#include "http/text.hpp"

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
  if (host.empty() || host.size() > kMaxHost ||
      !std::all_of(host.begin(), host.end(), [](char c) { return is_ldh(c); }))
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
  std::string_view target = line.substr(first + 1, last - first - 1);
  if (line.substr(last + 1, 5) != "HTTP/" ||
      !std::all_of(target.begin(), target.end(), [](char c) { return is_printable(c); }))
    return false;
  constexpr std::string_view kScheme = "http://";
  absolute = equal_any_case(target.substr(0, kScheme.size()), kScheme);
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

/// The fields that are read, one by one.
class Fields {
 public:
  Fields(Request& request, bool host_is_known) : request_{request}, host_is_known_{host_is_known} {}

  /// `folded`: more of the value stands on the next line, which RFC 9112, 5.2 calls obsolete: then
  /// it is not known.
  void read(std::string_view line, bool folded) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = folded ? std::string_view{} : line.substr(colon + 1);
    if (equal_any_case(name, "host")) {
      read_host(value);
    } else if (equal_any_case(name, "user-agent")) {
      keep_first(request_.user_agent, value);
    } else if (equal_any_case(name, "accept")) {
      keep_first(request_.accept, value);
    } else if (equal_any_case(name, "accept-language")) {
      keep_first(request_.accept_language, value);
    }
  }
  /// What `read` could be of use for.
  static bool is_wanted(char first) {
    const char c = lower(first);
    return c == 'h' || c == 'u' || c == 'a';
  }

 private:
  void read_host(std::string_view value) {
    if (seen_host_) {
      // RFC 9112, 3.2: a second Host is an error; which of them is meant is not told.
      request_.host = request_.port = {};
      return;
    }
    seen_host_ = true;
    if (!host_is_known_) read_authority(trim(value), request_);
  }
  static void keep_first(std::string_view& kept, std::string_view value) {
    if (kept.empty()) kept = trim(value);
  }

  Request& request_;
  bool host_is_known_;
  bool seen_host_ = false;
};

// ---- percent-encoding ----

/// An octet as it is sent, and how much of it that is.
struct Encoded {
  std::array<char, 3> text;
  std::uint8_t size;
};
static_assert(sizeof(Encoded) == 4);

constexpr auto kEncoded = [] {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::array<Encoded, 256> table{};
  for (unsigned octet = 0; octet < table.size(); ++octet) {
    const char c = static_cast<char>(octet);
    if (is_ldh(c) || c == '_' || c == '~') {  // RFC 3986, 2.3
      table[octet] = {{c, 0, 0}, 1};
    } else {
      table[octet] = {{'%', kHex[octet >> 4], kHex[octet & 0xf]}, 3};
    }
  }
  return table;
}();

/// False where it would be over kMax.
bool append(ReturnUrl& url, std::string_view text) {
  for (const char c : text) {
    const Encoded& one = kEncoded[static_cast<unsigned char>(c)];
    if (url.size + one.size > ReturnUrl::kMax) return false;
    std::memcpy(url.text.data() + url.size, &one, sizeof one);
    url.size += one.size;
  }
  return true;
}

}  // namespace

Request scan_request(net::ByteView bytes) noexcept {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): octets read as characters
  std::string_view rest{reinterpret_cast<const char*>(bytes.data()),
                        std::min(bytes.size(), kMaxScan)};
  Request request;
  // The method is known from the first bytes, even if the line is cut short behind them.
  if (rest.starts_with("GET ")) {
    request.kind = Request::Kind::kGet;
  } else if (rest.starts_with("HEAD ")) {
    request.kind = Request::Kind::kHead;
  } else if (const auto kind = h2::scan(rest); kind != Request::Kind::kOther) {
    request.kind = kind;
    return request;
  }
  std::string_view line;
  bool absolute = false;
  if (!next_line(rest, line) || !read_request_line(line, request, absolute)) return request;
  Fields fields{request, absolute};
  while (next_line(rest, line) && !line.empty()) {
    if (!Fields::is_wanted(line.front())) continue;
    fields.read(line, !rest.empty() && (rest.front() == ' ' || rest.front() == '\t'));
  }
  return request;
}

ReturnUrl return_url(const Request& request) noexcept {
  ReturnUrl url;
  if (request.host.empty() || request.target.empty()) return url;
  const std::string_view colon = request.port.empty() ? "" : ":";
  const bool fits = append(url, "http://") && append(url, request.host) && append(url, colon) &&
                    append(url, request.port) && append(url, request.target);
  if (!fits) url.size = 0;
  return url;
}

}  // namespace gate511::http
