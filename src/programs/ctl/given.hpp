// SPDX-License-Identifier: BSD-3-Clause
//
// From the text of a switch to a parameter of the protocol.
#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

#include "programs/ctl/command.hpp"

namespace gate511::ctl {

/// Sets `params[name]` where there is a value.
template <typename Value>
void put(Json& params, const char* name, const std::optional<Value>& value) {
  if (value) params[name] = *value;
}

// The same from text with a unit; what cannot be read becomes `wrong`, unless it is set already.
void put_time_span(Json& params, const char* name, const char* option,
                   const std::optional<std::string>& text, std::optional<Failure>& wrong);
void put_time(Json& params, const char* name, const char* option,
              const std::optional<std::string>& text, std::optional<Failure>& wrong);
void put_rate(Json& params, const char* name, const char* option,
              const std::optional<std::string>& text, std::optional<Failure>& wrong);
void put_size(Json& params, const char* name, const char* option,
              const std::optional<std::string>& text, std::optional<Failure>& wrong);

/// `seen`, `off`, or addresses and prefixes of IPv6, with commas between.
void put_addresses(Json& params, const char* name, const char* option,
                   const std::optional<std::string>& text, std::optional<Failure>& wrong);

/// An IPv4 or IPv6 address. Six pairs of digits are a MAC.
[[nodiscard]] bool is_ip(const std::string& text);

}  // namespace gate511::ctl
