// SPDX-License-Identifier: BSD-3-Clause
//
// Reads the parameters of a method by name and type. Whatever is not asked for is an error, so
// that a slip in a name never passes for a default.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "control/json_rpc.hpp"

namespace gate511::control {

/// The first error stays. Read all, then look at error().
class Params {
 public:
  using Names = std::initializer_list<std::string_view>;

  /// `params`: an object, or it is an error. `known`: all that the method takes.
  Params(const Json& params, Names known);

  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint64_t> integer(std::string_view name, std::uint64_t min,
                                                     std::uint64_t max);
  [[nodiscard]] std::optional<bool> boolean(std::string_view name);
  /// Text for people: at most `max_bytes`, without control characters.
  [[nodiscard]] std::optional<std::string> text(std::string_view name, std::size_t max_bytes);
  /// The position in `values`.
  [[nodiscard]] std::optional<std::size_t> choice(std::string_view name, Names values);
  /// Elements of an array, `max` at most; null if it is not given.
  [[nodiscard]] const Json* array(std::string_view name, std::size_t max);

  /// Null if it is not given. For what is none of these.
  [[nodiscard]] const Json* find(std::string_view name) const;

  /// Makes an error of our own, where none is yet.
  void fail(RpcError error);
  void require(std::string_view name);
  [[nodiscard]] const std::optional<RpcError>& error() const { return error_; }
  /// What a method returns where there is an error.
  [[nodiscard]] tl::unexpected<RpcError> refused() const { return tl::unexpected{*error_}; }

 private:
  void invalid(std::string_view name, std::string_view wanted);

  const Json& params_;
  std::optional<RpcError> error_;
};

}  // namespace gate511::control
