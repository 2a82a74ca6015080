// SPDX-License-Identifier: BSD-3-Clause
#include "control/json_reader.hpp"

#include <fmt/format.h>

#include <utility>

namespace gate511::control {

using nlohmann::json;

json* JsonReader::place(json value) {
  if (open_.empty()) {
    root_ = std::move(value);
    return &root_;
  }
  json& parent = *open_.back();
  if (parent.is_array()) {
    parent.push_back(std::move(value));
    return &parent.back();
  }
  json& slot = parent[key_];
  slot = std::move(value);
  return &slot;
}

bool JsonReader::put(json value) {
  place(std::move(value));
  return true;
}

bool JsonReader::open(json value) {
  if (open_.size() == max_depth_) {
    error_ = fmt::format("nested deeper than {}", max_depth_);
    return false;
  }
  open_.push_back(place(std::move(value)));
  return true;
}

bool JsonReader::close() {
  open_.pop_back();
  return true;
}

bool JsonReader::start_object(std::size_t /*elements*/) {
  return open(json::object());
}
bool JsonReader::start_array(std::size_t /*elements*/) {
  return open(json::array());
}

bool JsonReader::number_float(number_float_t value, const string_t& /*text*/) {
  return put(value);
}

bool JsonReader::binary(binary_t& /*value*/) {
  error_ = "binary values are not JSON";
  return false;
}

bool JsonReader::key(string_t& name) {
  if (open_.back()->contains(name)) {
    error_ = fmt::format("key `{}` stands twice in an object", name.substr(0, 64));
    return false;
  }
  key_ = std::move(name);
  return true;
}

bool JsonReader::parse_error(std::size_t position, const std::string& /*last_token*/,
                             const nlohmann::detail::exception& /*error*/) {
  // The parser's own text quotes the input, which may hold anything.
  error_ = fmt::format("not JSON, or not UTF-8, at byte {}", position);
  return false;
}

}  // namespace gate511::control
