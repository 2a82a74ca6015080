// SPDX-License-Identifier: BSD-3-Clause
//
// Reads one JSON document (RFC 8259) in slices, so that a large one holds no one up, and refuses
// what a hostile client may send: nesting past a limit, which costs every later walk its stack; an
// object with a key twice, of which two readers may see different halves; more values than any
// request needs; and what is not UTF-8.
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gate511::control {

class JsonReader {
 public:
  static constexpr std::size_t kMaxValues = 65'536;

  /// `text` outlives the reader.
  JsonReader(std::string_view text, std::size_t max_depth) : text_{text}, max_depth_{max_depth} {}
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  /// Reads about so many bytes. True: there are more.
  bool work(std::size_t bytes);

  /// Once work() is done: what is wrong, or empty.
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] nlohmann::json& root() { return root_; }

 private:
  enum class Next { kValue, kValueOrEnd, kKey, kKeyOrEnd, kColon, kCommaOrEnd, kString, kNothing };

  void token();
  void value();
  void string_part();
  void escape();
  void end_of_string();
  void number();
  void word(std::string_view word, nlohmann::json value);
  void open(nlohmann::json value);
  void close(char bracket);
  nlohmann::json* place(nlohmann::json value);
  void value_is_over() { next_ = open_.empty() ? Next::kNothing : Next::kCommaOrEnd; }
  void skip_space();
  [[nodiscard]] std::size_t utf8_length() const;
  [[nodiscard]] int hex4(std::size_t at) const;
  void fail(std::string what);
  void fail_here();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t slice_end_ = 0;
  std::size_t max_depth_;
  std::size_t values_ = 0;
  Next next_ = Next::kValue;
  bool is_key_ = false;  ///< the string under way
  std::string string_;   ///< so far
  nlohmann::json root_;
  std::vector<nlohmann::json*> open_;  ///< from the outermost; elements of a parent that is
                                       ///< open do not move while a child of it is
  nlohmann::json* slot_ = nullptr;     ///< of the value that comes next, in an object
  std::string error_;
};

/// Frees about so many values of a document, innermost first. True: there are more.
bool shred(nlohmann::json& document, std::size_t values);

}  // namespace gate511::control
