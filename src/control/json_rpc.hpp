// SPDX-License-Identifier: BSD-3-Clause
//
// JSON-RPC 2.0 (jsonrpc.org/specification), a line in and a line out, without any input or output
// of its own. A method may answer later; a batch is answered when its last item is.
#pragma once

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "control/caller.hpp"

namespace gate511::control {

using Json = nlohmann::json;

inline constexpr std::size_t kMaxLine = 1 << 20;  ///< bytes, without the newline
inline constexpr std::size_t kMaxDepth = 32;      ///< objects and arrays in each other
inline constexpr std::size_t kMaxBatch = 100;     ///< requests in a batch

struct RpcError {
  int code = 0;
  std::string message;
  Json data = nullptr;  ///< for a code of ours an object with `reason`

  [[nodiscard]] Json to_json() const;
};

namespace rpc {
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;

[[nodiscard]] RpcError invalid_params(std::string message);
[[nodiscard]] RpcError not_found(std::string message);      ///< -32001
[[nodiscard]] RpcError table_full(std::string message);     ///< -32002
[[nodiscard]] RpcError bad_mac(std::string message);        ///< -32003
[[nodiscard]] RpcError conflict(std::string message);       ///< -32004
[[nodiscard]] RpcError read_only(std::string message);      ///< -32005
[[nodiscard]] RpcError busy(std::string message);           ///< -32006
[[nodiscard]] RpcError store_failed(std::string message);   ///< -32007
[[nodiscard]] RpcError bad_config(std::string message);     ///< -32008
[[nodiscard]] RpcError needs_restart(std::string message);  ///< -32009
}  // namespace rpc

using Outcome = tl::expected<Json, RpcError>;
/// To be called once, now or later, on the same thread.
using Done = std::function<void(Outcome)>;
/// `params` is an object, empty where the request has none. `caller` and `params` are gone when it
/// returns.
using Method = std::function<void(const Caller& caller, const Json& params, Done done)>;

/// Parses one document strictly: within kMaxDepth, no key twice in an object, valid UTF-8.
[[nodiscard]] tl::expected<Json, RpcError> parse_json(std::string_view text);

/// Takes requests apart and finds their methods. Control thread.
class Dispatcher {
 public:
  /// Callers that may not do what `access` says are told so, and the method is not called.
  void add(std::string name, Access access, Method method);
  /// The same for one to which it is all the same who calls.
  template <std::invocable<const Json&, Done> Plain>
  void add(std::string name, Access access, Plain method) {
    add(std::move(name), access,
        Method{[method = std::move(method)](const Caller& /*caller*/, const Json& params,
                                            Done done) { method(params, std::move(done)); }});
  }
  [[nodiscard]] std::vector<std::string> methods() const;

  /// Called once with the answer, without a newline; empty where none is due.
  using Reply = std::function<void(std::string)>;
  void handle(const Caller& caller, std::string_view line, Reply reply) const;

  /// The answer to what is longer than kMaxLine.
  [[nodiscard]] static std::string line_too_long();
  /// The answers to a client for which there is no room, or none for another of its user's.
  [[nodiscard]] static std::string too_many_clients();
  [[nodiscard]] static std::string too_many_of_user();

 private:
  /// `done` gets the answer to one request; null where none is due.
  void handle_one(const Caller& caller, const Json& request,
                  const std::function<void(Json)>& done) const;

  struct Entry {
    Access access;
    Method method;
  };
  std::map<std::string, Entry, std::less<>> methods_;
};

}  // namespace gate511::control
