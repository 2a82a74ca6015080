// SPDX-License-Identifier: BSD-3-Clause
//
// JsonReader: strings and numbers.
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "control/json_reader.hpp"

namespace gate511::control {

using nlohmann::json;

namespace {

constexpr std::size_t kStringPart = 4'096;
constexpr std::size_t kMaxNumber = 1'024;  // characters

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Neither a quote nor an escape, a control character or the start of a longer sequence.
bool is_plain(char c) {
  return c >= ' ' && c != '"' && c != '\\';  // char is signed: bytes from 0x80 on are negative
}
static_assert(static_cast<char>(0x80) < 0);

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&out](unsigned byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
    }
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

}  // namespace

/// 2 to 4 for a well-formed sequence (Unicode 15, table 3-7), else 0.
std::size_t JsonReader::utf8_length() const {
  const auto byte = [this](std::size_t i) {
    return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0U;
  };
  const auto follows = [&byte](std::size_t i) { return (byte(i) & 0xc0U) == 0x80; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
    return follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void JsonReader::string_part() {
  const std::size_t end = std::min(text_.size(), at_ + kStringPart);
  const std::size_t begin = at_;
  while (at_ < end && is_plain(text_[at_])) ++at_;
  string_.append(text_.substr(begin, at_ - begin));
  if (at_ == end) return;
  const char c = text_[at_];
  if (c == '"') return end_of_string();
  if (c == '\\') return escape();
  const std::size_t length = c < 0 ? utf8_length() : 0;
  if (length == 0) return fail_here();
  string_.append(text_.substr(at_, length));
  at_ += length;
}

int JsonReader::hex4(std::size_t at) const {
  if (at + 4 > text_.size()) return -1;
  int code = 0;
  for (const char c : text_.substr(at, 4)) {
    const int lower = c | 0x20;
    if (!is_digit(c) && (lower < 'a' || lower > 'f')) return -1;
    code = code * 16 + (is_digit(c) ? c - '0' : lower - 'a' + 10);
  }
  return code;
}

void JsonReader::escape() {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
  const char name = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  if (const std::size_t i = kNames.find(name); name != '\0' && i != std::string_view::npos) {
    string_.push_back(kMeant[i]);
    at_ += 2;
    return;
  }
  const int code = name == 'u' ? hex4(at_ + 2) : -1;
  if (code < 0 || (code >= 0xdc00 && code <= 0xdfff)) return fail_here();
  if (code < 0xd800 || code > 0xdbff) {
    append_utf8(string_, static_cast<unsigned>(code));
    at_ += 6;
    return;
  }
  // The second half of a pair follows at once.
  const int low = text_.substr(at_ + 6, 2) == "\\u" ? hex4(at_ + 8) : -1;
  if (low < 0xdc00 || low > 0xdfff) return fail_here();
  append_utf8(string_, static_cast<unsigned>(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)));
  at_ += 12;
}

void JsonReader::end_of_string() {
  ++at_;
  if (!is_key_) {
    place(json(std::exchange(string_, {})));
    value_is_over();
    if (!error_.empty()) next_ = Next::kNothing;
    return;
  }
  auto& object = open_.back()->get_ref<json::object_t&>();
  const auto [slot, is_new] = object.try_emplace(std::exchange(string_, {}));
  if (!is_new)
    return fail(fmt::format("key `{}` stands twice in an object", slot->first.substr(0, 64)));
  slot_ = &slot->second;
  next_ = Next::kColon;
}

void JsonReader::number() {
  std::size_t end = at_;
  const auto peek = [&] { return end < text_.size() ? text_[end] : '\0'; };
  const auto digits = [&] {
    const std::size_t begin = end;
    while (is_digit(peek())) ++end;
    return end > begin;
  };
  bool whole = true;
  if (peek() == '-') ++end;
  const std::size_t first = end;
  const bool zero = peek() == '0';
  bool good = digits() && !(zero && end - first > 1);  // no 01
  if (good && peek() == '.') {
    ++end;
    whole = false;
    good = digits();
  }
  if (good && (peek() == 'e' || peek() == 'E')) {
    ++end;
    whole = false;
    if (peek() == '+' || peek() == '-') ++end;
    good = digits();
  }
  if (!good || end - at_ > kMaxNumber) return fail_here();
  const std::string text{text_.substr(at_, end - at_)};
  json made;
  errno = 0;
  if (whole && text[0] == '-') {
    made = static_cast<std::int64_t>(std::strtoll(text.c_str(), nullptr, 10));
  } else if (whole) {
    made = static_cast<std::uint64_t>(std::strtoull(text.c_str(), nullptr, 10));
  }
  if (!whole || errno == ERANGE) {
    const double floating = std::strtod(text.c_str(), nullptr);
    if (!std::isfinite(floating)) return fail_here();
    made = floating;
  }
  at_ = end;
  place(std::move(made));
  value_is_over();
  if (!error_.empty()) next_ = Next::kNothing;
}

}  // namespace gate511::control
