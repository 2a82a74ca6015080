// SPDX-License-Identifier: BSD-3-Clause
#include "control/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gate511::control {

using nlohmann::json;

void JsonReader::fail(std::string what) {
  error_ = std::move(what);
  next_ = Next::kNothing;
}

void JsonReader::fail_here() {
  // Without a quote of the input, which may hold anything.
  fail(fmt::format("not JSON, or not UTF-8, at byte {}", at_ + 1));
}

void JsonReader::skip_space() {
  while (at_ < slice_end_ &&
         (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
    ++at_;
}

bool JsonReader::work(std::size_t bytes) {
  slice_end_ = std::min(text_.size(), at_ + bytes);
  while (error_.empty()) {
    if (next_ != Next::kString) skip_space();
    if (next_ == Next::kNothing) {
      if (at_ < slice_end_) fail_here();
      return error_.empty() && at_ < text_.size();
    }
    if (at_ >= slice_end_) {
      if (at_ < text_.size()) return true;
      fail_here();
      return false;
    }
    token();
  }
  return false;
}

void JsonReader::token() {
  const char c = text_[at_];
  switch (next_) {
    case Next::kString:
      return string_part();
    case Next::kValueOrEnd:
      if (c == ']') return close(c);
      return value();
    case Next::kValue:
      return value();
    case Next::kKeyOrEnd:
      if (c == '}') return close(c);
      [[fallthrough]];
    case Next::kKey:
      if (c != '"') return fail_here();
      ++at_;
      is_key_ = true;
      next_ = Next::kString;
      return;
    case Next::kColon:
      if (c != ':') return fail_here();
      ++at_;
      next_ = Next::kValue;
      return;
    case Next::kCommaOrEnd:
      if (c != ',') return close(c);
      ++at_;
      next_ = open_.back()->is_array() ? Next::kValue : Next::kKey;
      return;
    case Next::kNothing:
      return;
  }
}

void JsonReader::value() {
  const char c = text_[at_];
  if (c == '"') {
    ++at_;
    is_key_ = false;
    next_ = Next::kString;
  } else if (c == '{') {
    open(json::object());
  } else if (c == '[') {
    open(json::array());
  } else if (c == '-' || (c >= '0' && c <= '9')) {
    number();
  } else if (c == 't') {
    word("true", true);
  } else if (c == 'f') {
    word("false", false);
  } else if (c == 'n') {
    word("null", nullptr);
  } else {
    fail_here();
  }
}

void JsonReader::word(std::string_view word, json value) {
  if (text_.substr(at_, word.size()) != word) return fail_here();
  at_ += word.size();
  place(std::move(value));
  value_is_over();
}

json* JsonReader::place(json value) {
  if (++values_ > kMaxValues) {
    fail(fmt::format("holds more than {} values", kMaxValues));
    return &root_;
  }
  json* slot = slot_;
  if (open_.empty()) {
    slot = &root_;
  } else if (open_.back()->is_array()) {
    open_.back()->push_back(std::move(value));
    return &open_.back()->back();
  }
  *slot = std::move(value);
  return slot;
}

void JsonReader::open(json value) {
  if (open_.size() == max_depth_) return fail(fmt::format("nested deeper than {}", max_depth_));
  ++at_;
  next_ = value.is_array() ? Next::kValueOrEnd : Next::kKeyOrEnd;
  open_.push_back(place(std::move(value)));
  if (!error_.empty()) next_ = Next::kNothing;
}

void JsonReader::close(char bracket) {
  if (bracket != (open_.back()->is_array() ? ']' : '}')) return fail_here();
  ++at_;
  open_.pop_back();
  value_is_over();
}

bool shred(json& document, std::size_t values) {
  for (; values > 0; --values) {
    if (!document.is_structured() || document.empty()) {
      document = nullptr;
      return false;
    }
    // Down to the innermost on the way that begins with each one's last.
    json* parent = &document;
    for (;;) {
      json& last = parent->is_array() ? parent->back() : std::prev(parent->end()).value();
      if (!last.is_structured() || last.empty()) break;
      parent = &last;
    }
    if (parent->is_array()) {
      parent->erase(parent->size() - 1);
    } else {
      parent->erase(std::prev(parent->end()));
    }
  }
  return true;
}

}  // namespace gate511::control
