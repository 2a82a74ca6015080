// SPDX-License-Identifier: BSD-3-Clause
//
// Strict reading of TOML: every key is known, every value has the type and the range that is
// wanted, and the first thing wrong is told with its line and with what would be right.
#pragma once

#include <fmt/format.h>
#include <toml++/toml.h>
#include <tl/expected.hpp>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate511/error.hpp"

namespace gate511::settings {

/// A text as TOML. `source`: what the file is called in errors.
[[nodiscard]] tl::expected<toml::table, Error> parse_toml(std::string_view text,
                                                          std::string_view source);

/// What is wrong with a value, before it is known where that stands.
struct Problem {
  std::string what;
  std::string hint;
};

/// One file being read. The first error stays; what is read after it has no effect.
class Document {
 public:
  explicit Document(std::string_view source) : source_{source} {}

  void fail(int line, Problem problem);
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

  /// `FILE:LINE`.
  [[nodiscard]] std::string where(int line) const;

  void note_line(const std::string& key, int line) { lines_[key] = line; }
  [[nodiscard]] const std::map<std::string, int>& lines() const { return lines_; }

 private:
  std::string source_;
  std::optional<Error> error_;
  std::map<std::string, int> lines_;
};

/// One table of the file. Keys that are not set leave the caller's default as it is.
class Section {
 public:
  using Names = std::initializer_list<std::string_view>;
  /// Called for each element of an array with its text; returns what is wrong with it.
  using EachText = std::function<std::optional<Problem>(const std::string&)>;
  using EachInteger = std::function<std::optional<Problem>(std::int64_t)>;

  /// `table`: null if the section is absent. `prefix`: what its keys are called by (`sessions`).
  /// Any key that is not in `keys` is an error.
  Section(Document& document, const toml::table* table, std::string prefix, Names keys);

  void text(std::string_view key, std::string& out);
  /// `reason`: why it cannot be left out, or an example.
  void required_text(std::string_view key, std::string& out, std::string_view reason);
  void boolean(std::string_view key, bool& out);
  /// One of `names`; `out` becomes its position.
  void choice(std::string_view key, Names names, std::size_t& out);
  /// `meaning`: unit and special values, for the error.
  template <typename Integer>
  void integer(std::string_view key, Integer min, Integer max, std::string_view meaning,
               Integer& out) {
    std::int64_t value = static_cast<std::int64_t>(out);
    read_integer(key, static_cast<std::int64_t>(min), static_cast<std::int64_t>(max), meaning,
                 value);
    out = static_cast<Integer>(value);
  }
  void texts(std::string_view key, const EachText& each);
  void integers(std::string_view key, const EachInteger& each);
  using EachIntegerAt = std::function<std::optional<Problem>(std::int64_t, int line)>;
  using EachTextAt = std::function<std::optional<Problem>(const std::string&, int line)>;
  /// `wanted`: what it must be, for the error.
  void integers_or_texts(std::string_view key, std::string_view wanted,
                         const EachIntegerAt& each_integer, const EachTextAt& each_text);

  /// The table of that name in this one, as a section; empty if it is absent.
  [[nodiscard]] Section sub(std::string_view key, Names keys);
  /// A table in this one, null if absent.
  [[nodiscard]] const toml::table* table(std::string_view key);
  /// The tables of `[[key]]`.
  [[nodiscard]] std::vector<const toml::table*> tables(std::string_view key);

  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  /// Fails at `key`'s line, or the section's.
  void fail(std::string_view key, Problem problem);
  [[nodiscard]] std::string name(std::string_view key) const;

 private:
  [[nodiscard]] const toml::node* find(std::string_view key) const;
  void read_integer(std::string_view key, std::int64_t min, std::int64_t max,
                    std::string_view meaning, std::int64_t& out);
  void wrong_type(const toml::node& node, const std::string& key, std::string_view wanted);

  Document& document_;
  const toml::table* table_;
  std::string prefix_;
};

/// `"a", "b" or "c"`.
[[nodiscard]] std::string one_of(Section::Names names);

}  // namespace gate511::settings
