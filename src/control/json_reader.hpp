// SPDX-License-Identifier: BSD-3-Clause
//
// Builds a JSON document from the parser's events and refuses what a hostile client may send:
// nesting past a limit, which costs every later walk its stack, and an object with a key twice, of
// which two readers may see different halves.
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace gate511::control {

class JsonReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit JsonReader(std::size_t max_depth) : max_depth_{max_depth} {}

  [[nodiscard]] nlohmann::json& root() { return root_; }
  /// What is wrong, after the parse has failed.
  [[nodiscard]] const std::string& error() const { return error_; }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t& text) override;
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t& value) override;
  bool start_object(std::size_t elements) override;
  bool key(string_t& name) override;
  bool end_object() override { return close(); }
  bool start_array(std::size_t elements) override;
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string& last_token,
                   const nlohmann::detail::exception& error) override;

 private:
  bool put(nlohmann::json value);
  bool open(nlohmann::json value);
  bool close();
  nlohmann::json* place(nlohmann::json value);

  std::size_t max_depth_;
  nlohmann::json root_;
  std::vector<nlohmann::json*> open_;  ///< from the outermost; elements of a parent that is
                                       ///< open do not move while a child of it is
  std::string key_;                    ///< of the value that comes next, in an object
  std::string error_;
};

}  // namespace gate511::control
