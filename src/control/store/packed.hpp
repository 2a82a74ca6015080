// SPDX-License-Identifier: BSD-3-Clause
//
// Numbers and texts as packed bytes, written and read: what blobs of the store are made of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace gate511::control::store {

class Writer {
 public:
  void put(std::uint64_t number) {
    // Seven bits a byte, the least first; the eighth says that more follow.
    for (; number >= 0x80; number >>= 7) out_.push_back(static_cast<char>(number | 0x80));
    out_.push_back(static_cast<char>(number));
  }
  void put_fixed(std::uint64_t number) {
    for (unsigned shift = 0; shift < 64; shift += 8)
      out_.push_back(static_cast<char>(number >> shift));
  }
  void put(std::string_view text) {
    put(std::uint64_t{text.size()});
    out_.append(text);
  }
  [[nodiscard]] const std::string& bytes() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_{bytes} {}

  std::uint64_t number() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return fail();
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      number |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return number;
    }
    return fail();
  }
  std::string text() {
    const std::uint64_t size = number();
    if (size > rest_.size()) {
      fail();
      return {};
    }
    std::string text{rest_.substr(0, size)};
    rest_.remove_prefix(size);
    return text;
  }
  std::uint64_t fail() {
    good_ = false;
    rest_ = {};
    return 0;
  }
  [[nodiscard]] bool is_at_end() const { return rest_.empty(); }
  [[nodiscard]] bool is_good() const { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace gate511::control::store
