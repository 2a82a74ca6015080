// SPDX-License-Identifier: BSD-3-Clause
#include "http/first_name.hpp"

#include <algorithm>
#include <optional>

namespace gate511::http {
namespace {

using net::ByteView;
using Found = FirstName::Found;

FirstName more() noexcept {
  FirstName result;
  result.found = Found::kMore;
  return result;
}

char character(std::byte byte) noexcept {
  return static_cast<char>(byte);
}

/// Host names and addresses only: nothing that a server could read in another way.
bool is_host_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

FirstName named(ByteView text) noexcept {
  FirstName result;
  if (text.empty() || text.size() > FirstName::kMaxName) return result;
  for (const std::byte byte : text) {
    const char c = character(byte);
    if (!is_host_character(c)) return FirstName{};
    result.text[result.size++] = c;
  }
  result.found = Found::kName;
  return result;
}

// ---- HTTP ----

/// The line at `at`, without its CRLF, and where the next begins. nullopt: it is not whole.
struct Line {
  ByteView text;
  std::size_t next;
};
std::optional<Line> line_at(ByteView bytes, std::size_t at) noexcept {
  for (std::size_t i = at; i + 1 < bytes.size(); ++i) {
    if (character(bytes[i]) == '\r' && character(bytes[i + 1]) == '\n')
      return Line{bytes.subspan(at, i - at), i + 2};
  }
  return std::nullopt;
}

bool is_method_character(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}

/// `METHOD /`, as far as it is there: what else begins so is no request to an origin.
bool may_be_request(ByteView bytes) noexcept {
  constexpr std::size_t kLongestMethod = 16;
  std::size_t at = 0;
  while (at < bytes.size() && is_method_character(character(bytes[at]))) ++at;
  if (at == bytes.size()) return at <= kLongestMethod;
  if (at == 0 || at > kLongestMethod || character(bytes[at]) != ' ') return false;
  return at + 1 == bytes.size() || character(bytes[at + 1]) == '/';
}

/// A line, or what is there of one: no control character stands in it, so no line end either, but
/// for the CR that may be the last there is.
bool is_clean(ByteView text, bool is_whole) noexcept {
  if (!is_whole && !text.empty() && character(text.back()) == '\r')
    text = text.first(text.size() - 1);
  return std::none_of(text.begin(), text.end(), [](std::byte byte) {
    const auto value = std::to_integer<unsigned>(byte);
    return (value < 0x20 && value != '\t') || value == 0x7f;
  });
}

bool ends_with_version(ByteView line) noexcept {
  constexpr std::string_view k0 = " HTTP/1.0", k1 = " HTTP/1.1";
  if (line.size() < k0.size()) return false;
  const ByteView end = line.last(k0.size());
  const auto is = [end](std::string_view version) {
    return std::ranges::equal(end, net::as_bytes(version));
  };
  return is(k0) || is(k1);
}

struct Field {
  ByteView name;
  ByteView value;

  [[nodiscard]] bool is(std::string_view wanted) const noexcept {
    return std::ranges::equal(name, wanted, [](std::byte byte, char c) {
      const char mine = character(byte);
      return c == (mine >= 'A' && mine <= 'Z' ? static_cast<char>(mine - 'A' + 'a') : mine);
    });
  }
};

/// RFC 9112, 5.1: no blank in a field's name, nor before its colon. nullopt: it is none.
std::optional<Field> field_of(ByteView line) noexcept {
  const auto colon = std::find(line.begin(), line.end(), std::byte{':'});
  const auto size = static_cast<std::size_t>(colon - line.begin());
  if (colon == line.end() || size == 0) return std::nullopt;
  const ByteView name = line.first(size);
  const bool is_name = std::none_of(name.begin(), name.end(), [](std::byte byte) {
    const char c = character(byte);
    return c == ' ' || c == '\t';
  });
  if (!is_name) return std::nullopt;
  return Field{name, line.subspan(size + 1)};
}

ByteView trimmed(ByteView text) noexcept {
  const auto is_blank = [](std::byte byte) {
    return character(byte) == ' ' || character(byte) == '\t';
  };
  while (!text.empty() && is_blank(text.front())) text = text.subspan(1);
  while (!text.empty() && is_blank(text.back())) text = text.first(text.size() - 1);
  return text;
}

/// Without `:PORT`.
ByteView without_port(ByteView host) noexcept {
  const auto colon = std::find(host.begin(), host.end(), std::byte{':'});
  const ByteView port = host.subspan(static_cast<std::size_t>(colon - host.begin()));
  const bool is_port = std::all_of(port.begin() + (port.empty() ? 0 : 1), port.end(), [](auto b) {
    return character(b) >= '0' && character(b) <= '9';
  });
  return is_port ? host.first(host.size() - port.size()) : host;
}

/// nullopt: no number, or longer than any body.
std::optional<std::uint64_t> body_size(ByteView value) noexcept {
  constexpr std::size_t kDigits = 9;
  if (value.empty() || value.size() > kDigits) return std::nullopt;
  std::uint64_t size = 0;
  for (const std::byte byte : value) {
    const char c = character(byte);
    if (c < '0' || c > '9') return std::nullopt;
    size = size * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return size;
}

// ---- TLS ----

/// Reads big-endian numbers and vectors; `is_good` stays false once one did not fit.
class Reader {
 public:
  explicit Reader(ByteView rest) noexcept : rest_{rest} {}

  std::size_t number(std::size_t bytes) noexcept {
    const ByteView taken = take(bytes);
    std::size_t value = 0;
    for (const std::byte byte : taken) value = value << 8 | std::to_integer<std::size_t>(byte);
    return value;
  }
  ByteView take(std::size_t size) noexcept {
    if (size > rest_.size()) {
      is_good_ = false;
      rest_ = {};
      return {};
    }
    const ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  /// What stands behind its length of that many bytes.
  ByteView vector(std::size_t length_bytes) noexcept { return take(number(length_bytes)); }
  [[nodiscard]] bool is_good() const noexcept { return is_good_; }
  [[nodiscard]] bool is_at_end() const noexcept { return rest_.empty(); }

 private:
  ByteView rest_;
  bool is_good_ = true;
};

constexpr std::size_t kMaxHello = 8192;  // bytes; with post-quantum key shares they are near 2,000

/// RFC 6066, 3: a list with one entry, of type host_name.
FirstName read_name_list(ByteView extension) noexcept {
  Reader reader{extension};
  Reader list{reader.vector(2)};
  const bool is_host_name = list.number(1) == 0;
  const ByteView name = list.vector(2);
  if (!reader.is_good() || !reader.is_at_end() || !list.is_good() || !list.is_at_end() ||
      !is_host_name)
    return {};
  return named(name);
}

/// `hello`: the whole handshake message behind its header.
FirstName read_hello(ByteView hello) noexcept {
  constexpr std::size_t kVersionAndRandom = 2 + 32;
  Reader reader{hello};
  (void)reader.take(kVersionAndRandom);
  (void)reader.vector(1);  // legacy_session_id
  (void)reader.vector(2);  // cipher_suites
  (void)reader.vector(1);  // legacy_compression_methods
  Reader extensions{reader.vector(2)};
  if (!reader.is_good() || !reader.is_at_end()) return {};
  FirstName found;
  bool seen = false;
  while (extensions.is_good() && !extensions.is_at_end()) {
    const std::size_t type = extensions.number(2);
    const ByteView body = extensions.vector(2);
    if (!extensions.is_good()) return {};
    if (type != 0) continue;
    if (seen) return {};  // RFC 8446, 4.2: not twice
    seen = true;
    found = read_name_list(body);
  }
  return found;
}

}  // namespace

FirstName read_http_host(ByteView bytes) noexcept {
  if (!may_be_request(bytes)) return {};
  std::optional<ByteView> host;
  std::optional<std::uint64_t> body;
  for (std::size_t at = 0;;) {
    const auto line = line_at(bytes, at);
    if (!is_clean(line ? line->text : bytes.subspan(at), line.has_value())) return {};
    if (!line) return more();
    const bool is_first = at == 0;
    at = line->next;
    if (is_first) {
      if (!ends_with_version(line->text)) return {};
      continue;
    }
    if (line->text.empty()) {
      if (!host) return {};
      FirstName found = named(without_port(trimmed(*host)));
      found.head_bytes = at;
      found.body_bytes = body.value_or(0);
      return found;
    }
    const auto field = field_of(line->text);
    if (!field || field->is("transfer-encoding")) return {};
    if (field->is("host")) {
      if (host) return {};
      host = field->value;
    } else if (field->is("content-length")) {
      if (body) return {};
      body = body_size(trimmed(field->value));
      if (!body) return {};
    }
  }
}

FirstName read_server_name(ByteView bytes) noexcept {
  constexpr std::size_t kRecordHeader = 5, kMaxRecord = 16'384, kHandshakeHeader = 4;
  constexpr unsigned kHandshake = 22, kClientHello = 1;
  std::array<std::byte, kMaxHello> message;
  std::size_t size = 0;
  for (;;) {
    if (size >= kHandshakeHeader) {
      if (net::load_u8(message, 0) != kClientHello) return {};
      const std::size_t length = net::load_be32(message, 0) & 0xff'ffff;
      if (length + kHandshakeHeader > kMaxHello) return {};
      if (size >= length + kHandshakeHeader)
        return read_hello(ByteView{message}.subspan(kHandshakeHeader, length));
    }
    if (!bytes.empty() && net::load_u8(bytes, 0) != kHandshake) return {};
    if (bytes.size() >= 2 && net::load_u8(bytes, 1) != 3) return {};
    if (bytes.size() < kRecordHeader) return more();
    const std::size_t length = net::load_be16(bytes, 3);
    if (length == 0 || length > kMaxRecord) return {};
    const ByteView there =
        bytes.subspan(kRecordHeader, std::min(length, bytes.size() - kRecordHeader));
    const std::size_t taken = std::min(there.size(), kMaxHello - size);
    net::store_bytes(message, size, there.first(taken));
    size += taken;
    if (there.size() < length || taken < there.size()) {
      // The record ends further on: what is there may be the whole message already.
      bytes = {};
      if (size >= kHandshakeHeader &&
          size >= (net::load_be32(message, 0) & 0xff'ffff) + kHandshakeHeader)
        continue;
      if (size >= 1 && net::load_u8(message, 0) != kClientHello) return {};
      if (size >= kHandshakeHeader &&
          (net::load_be32(message, 0) & 0xff'ffff) + kHandshakeHeader > kMaxHello)
        return {};
      return more();
    }
    bytes = bytes.subspan(kRecordHeader + length);
  }
}

}  // namespace gate511::http
