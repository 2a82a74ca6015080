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
#include <utility>
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
[[nodiscard]] RpcError pairs_full(std::string message);     ///< -32010
[[nodiscard]] RpcError exists(std::string message);         ///< -32011
}  // namespace rpc

/// What a method answers: a document, or what is JSON text already, for large answers.
/// A result made as text, such as a long list. It stands where the answer will, so that no large
/// one is copied on its way out: what is appended to `out` is the result.
struct ResultText {
  static constexpr std::string_view kOpen = R"({"result":)";

  std::string out{kOpen};
};

class Result {
 public:
  Result(Json json) : json_(std::move(json)) {}            // NOLINT: a document is a result
  Result(ResultText text) : text_(std::move(text.out)) {}  // NOLINT: and so is text
  /// Null where it was built from text.
  [[nodiscard]] const Json& json() const { return json_; }
  /// The answer that it opens: ResultText::kOpen and the result.
  [[nodiscard]] std::string open() &&;

 private:
  Json json_ = nullptr;
  std::string text_;
};
using Outcome = tl::expected<Result, RpcError>;
/// To be called once, now or later, on the same thread.
using Done = std::function<void(Outcome)>;
/// `params` is an object, empty where the request has none; the method may take from it what it
/// needs later. `caller` and `params` are gone when it returns.
using Method = std::function<void(const Caller& caller, Json& params, Done done)>;

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

  /// Called with each request for a method that changes something, or tells of people to root
  /// alone, also from those who may not; what it returns is called with the outcome: null where it
  /// was done.
  using Audited = std::function<void(const RpcError* error)>;
  using Audit =
      std::function<Audited(const Caller& caller, std::string_view method, const Json& params)>;
  void set_audit(Audit audit) { audit_ = std::move(audit); }

  /// Called once with the answer, without a newline; empty where none is due.
  using Reply = std::function<void(std::string)>;
  /// The work on a line, to be called until it returns false: each step is a small one. This
  /// outlives it.
  [[nodiscard]] std::function<bool()> begin(const Caller& caller, std::string_view line,
                                            Reply reply) const;
  /// The same in one go.
  void handle(const Caller& caller, std::string_view line, Reply reply) const;

  /// The answer to what is longer than kMaxLine.
  [[nodiscard]] static std::string line_too_long();
  /// The answers to a client for which there is no room, or none for another of its user's.
  [[nodiscard]] static std::string too_many_clients();
  [[nodiscard]] static std::string too_many_of_user();

 private:
  friend class LineWork;
  /// `reply` gets the answer to one request; empty where none is due.
  void handle_one(const Caller& caller, Json& request, const Reply& reply) const;

  struct Entry {
    Access access;
    Method method;
  };
  std::map<std::string, Entry, std::less<>> methods_;
  Audit audit_;
};

}  // namespace gate511::control
