// SPDX-License-Identifier: BSD-3-Clause
//
// What a server answers, read by hiredis into plain values. What it sends is not trusted: a reply
// is bounded in bytes, and one that is none of RESP ends the connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace gate511::control::redis {

struct Reply {
  enum class Type : std::uint8_t { kNil, kText, kStatus, kError, kInteger, kArray };

  Type type = Type::kNil;
  std::int64_t integer = 0;
  std::string text{};
  std::vector<Reply> elements{};

  [[nodiscard]] bool is_error() const { return type == Type::kError; }
  [[nodiscard]] bool is_text() const { return type == Type::kText || type == Type::kStatus; }
  [[nodiscard]] bool is_array() const { return type == Type::kArray; }
  /// A number that is not negative, as an integer or as decimal digits.
  [[nodiscard]] std::optional<std::uint64_t> number() const;
};

class ReplyReader {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{8} << 20;  ///< of one reply

  ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;
  ~ReplyReader();

  /// False: what came is no reply; problem() says why, and nothing more is to be read.
  [[nodiscard]] bool feed(std::string_view bytes);
  /// The next whole one; nullopt: none is there, or problem() is not empty.
  [[nodiscard]] std::optional<Reply> next();
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
  std::size_t unread_ = 0;  ///< bytes since the last whole reply
  std::string problem_;
};

}  // namespace gate511::control::redis
