// SPDX-License-Identifier: BSD-3-Clause
#include "control/params.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gate511::control {
namespace {

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

}  // namespace

Params::Params(const Json& params, Names known) : params_{params} {
  if (!params.is_object()) {
    fail(rpc::invalid_params("must be an object"));
    return;
  }
  for (const auto& [name, value] : params.items()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    fail(rpc::invalid_params(
        fmt::format("unknown parameter `{}`; {}", name.substr(0, 64),
                    known.size() == 0 ? std::string{"the method takes none"}
                                      : fmt::format("known are {}", fmt::join(known, ", ")))));
  }
}

void Params::fail(RpcError error) {
  if (!error_) error_ = std::move(error);
}

void Params::invalid(std::string_view name, std::string_view wanted) {
  fail(rpc::invalid_params(fmt::format("`{}` must be {}", name, wanted)));
}

void Params::require(std::string_view name) {
  if (!has(name)) fail(rpc::invalid_params(fmt::format("`{}` is missing", name)));
}

const Json* Params::find(std::string_view name) const {
  if (!params_.is_object()) return nullptr;
  const auto found = params_.find(name);
  return found == params_.end() ? nullptr : &*found;
}

bool Params::has(std::string_view name) const {
  return find(name) != nullptr;
}

std::optional<std::uint64_t> Params::integer(std::string_view name, std::uint64_t min,
                                             std::uint64_t max) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  const bool is_negative =
      value->is_number_integer() && !value->is_number_unsigned() && value->get<std::int64_t>() < 0;
  if (value->is_number_integer() && !is_negative) {
    const auto number = value->get<std::uint64_t>();
    if (number >= min && number <= max) return number;
  }
  invalid(name, fmt::format("an integer from {} to {}", min, max));
  return std::nullopt;
}

std::optional<bool> Params::boolean(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  invalid(name, "true or false");
  return std::nullopt;
}

std::optional<std::string> Params::text(std::string_view name, std::size_t max_bytes) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) {
    const auto& given = value->get_ref<const std::string&>();
    if (given.size() <= max_bytes && !has_control(given)) return given;
  }
  invalid(name, fmt::format("a string of at most {} bytes without control characters", max_bytes));
  return std::nullopt;
}

std::optional<std::size_t> Params::choice(std::string_view name, Names values) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) {
    const auto* const found =
        std::find(values.begin(), values.end(), value->get_ref<const std::string&>());
    if (found != values.end()) return static_cast<std::size_t>(found - values.begin());
  }
  invalid(name, fmt::format("one of {}", fmt::join(values, ", ")));
  return std::nullopt;
}

const Json* Params::array(std::string_view name, std::size_t max) {
  const Json* value = find(name);
  if (value == nullptr) return nullptr;
  if (value->is_array() && !value->empty() && value->size() <= max) return value;
  invalid(name, fmt::format("an array of 1 to {} elements", max));
  return nullptr;
}

}  // namespace gate511::control
