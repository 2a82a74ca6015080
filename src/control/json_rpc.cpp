// SPDX-License-Identifier: BSD-3-Clause
#include "control/json_rpc.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "control/json_reader.hpp"

namespace gate511::control {
namespace {

Json answer(Json id) {
  return {{"jsonrpc", "2.0"}, {"id", std::move(id)}};
}

Json error_answer(const RpcError& error, Json id = nullptr) {
  Json made = answer(std::move(id));
  made["error"] = error.to_json();
  return made;
}

std::string line_of(const Json& json) {
  // What came in was valid UTF-8, but a name from the operating system may not be.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

RpcError invalid_request(std::string message) {
  return {rpc::kInvalidRequest, std::move(message), nullptr};
}

RpcError with_reason(int code, std::string_view reason, std::string message) {
  return {code, std::move(message), Json{{"reason", reason}}};
}

/// What is wrong with a request's envelope.
std::optional<RpcError> check_envelope(const Json& request) {
  if (!request.is_object()) return invalid_request("a request is an object");
  for (const auto& [key, value] : request.items()) {
    if (key != "jsonrpc" && key != "id" && key != "method" && key != "params") {
      return invalid_request(
          fmt::format("unknown member `{}`; a request has jsonrpc, id, method and params", key));
    }
  }
  const auto version = request.find("jsonrpc");
  if (version == request.end() || *version != "2.0")
    return invalid_request("`jsonrpc` must be \"2.0\"");
  const auto method = request.find("method");
  if (method == request.end() || !method->is_string())
    return invalid_request("`method` must be a string");
  return std::nullopt;
}

RpcError no_right(std::string_view method, Access access) {
  return rpc::read_only(fmt::format(
      "`{}` needs the right to {}; {}", method, access == Access::kChange ? "change" : "read",
      "connect to control.socket, or have control.tls_clients give this name the right"));
}

bool is_id(const Json& id) {
  return id.is_string() || id.is_number() || id.is_null();
}

/// A batch under way: its answers, and how many are still owed.
struct Batch {
  std::vector<Json> answers;
  std::size_t owed = 0;
  Dispatcher::Reply reply;

  void finish_one(Json made) {
    if (!made.is_null()) answers.push_back(std::move(made));
    if (--owed != 0) return;
    // Notifications alone draw no answer, not even an empty batch (specification, 6).
    reply(answers.empty() ? std::string{} : line_of(answers));
  }
};

}  // namespace

Json RpcError::to_json() const {
  Json made{{"code", code}, {"message", message}};
  if (!data.is_null()) made["data"] = data;
  return made;
}

namespace rpc {
RpcError invalid_params(std::string message) {
  return {kInvalidParams, std::move(message), nullptr};
}
RpcError not_found(std::string message) {
  return with_reason(-32001, "NOT_FOUND", std::move(message));
}
RpcError table_full(std::string message) {
  return with_reason(-32002, "TABLE_FULL", std::move(message));
}
RpcError bad_mac(std::string message) {
  return with_reason(-32003, "BAD_MAC", std::move(message));
}
RpcError conflict(std::string message) {
  return with_reason(-32004, "CONFLICT", std::move(message));
}
RpcError read_only(std::string message) {
  return with_reason(-32005, "READ_ONLY", std::move(message));
}
RpcError busy(std::string message) {
  return with_reason(-32006, "BUSY", std::move(message));
}
RpcError store_failed(std::string message) {
  return with_reason(-32007, "STORE_FAILED", std::move(message));
}
RpcError bad_config(std::string message) {
  return with_reason(-32008, "BAD_CONFIG", std::move(message));
}
RpcError needs_restart(std::string message) {
  return with_reason(-32009, "NEEDS_RESTART", std::move(message));
}
}  // namespace rpc

tl::expected<Json, RpcError> parse_json(std::string_view text) {
  JsonReader reader{kMaxDepth};
  if (Json::sax_parse(text, &reader)) return std::move(reader.root());
  return tl::unexpected{RpcError{rpc::kParseError, reader.error(), nullptr}};
}

void Dispatcher::add(std::string name, Access access, Method method) {
  methods_.emplace(std::move(name), Entry{access, std::move(method)});
}

std::vector<std::string> Dispatcher::methods() const {
  std::vector<std::string> names;
  names.reserve(methods_.size());
  for (const auto& [name, entry] : methods_) names.push_back(name);
  return names;
}

std::string Dispatcher::line_too_long() {
  return line_of(error_answer(
      invalid_request(fmt::format("line is longer than {} bytes; send a shorter one", kMaxLine))));
}

std::string Dispatcher::too_many_clients() {
  return line_of(error_answer(rpc::busy("no room for another client; close one and try again")));
}

std::string Dispatcher::too_many_of_user() {
  return line_of(
      error_answer(rpc::busy("no room for another client of this user; close one and try again")));
}

void Dispatcher::handle(const Caller& caller, std::string_view line, Reply reply) const {
  if (line.size() > kMaxLine) return reply(line_too_long());
  auto document = parse_json(line);
  if (!document) return reply(line_of(error_answer(document.error())));
  if (!document->is_array()) {
    return handle_one(caller, *document, [reply = std::move(reply)](const Json& made) {
      reply(made.is_null() ? std::string{} : line_of(made));
    });
  }
  if (document->empty() || document->size() > kMaxBatch) {
    return reply(line_of(error_answer(invalid_request(fmt::format(
        "a batch of {}; it must have 1 to {} requests", document->size(), kMaxBatch)))));
  }
  auto batch = std::make_shared<Batch>();
  batch->owed = document->size();
  batch->reply = std::move(reply);
  for (const Json& request : *document)
    handle_one(caller, request, [batch](Json made) { batch->finish_one(std::move(made)); });
}

void Dispatcher::handle_one(const Caller& caller, const Json& request,
                            const std::function<void(Json)>& done) const {
  Json id = nullptr;
  bool is_notification = false;
  if (request.is_object()) {
    const auto given = request.find("id");
    is_notification = given == request.end();
    if (!is_notification && !is_id(*given))
      return done(error_answer(invalid_request("`id` must be a string, a number or null")));
    if (!is_notification) id = *given;
  }
  // Who sends what is no request is told so, even without an id (specification, 5.1).
  if (const auto error = check_envelope(request)) return done(error_answer(*error, std::move(id)));

  Done finish = [done, is_notification, id](Outcome outcome) {
    if (is_notification) return done(nullptr);
    if (!outcome) return done(error_answer(outcome.error(), id));
    Json made = answer(id);
    made["result"] = std::move(*outcome);
    done(std::move(made));
  };
  const auto& name = request["method"].get_ref<const std::string&>();
  const auto method = methods_.find(name);
  if (method == methods_.end()) {
    return finish(tl::unexpected{RpcError{
        rpc::kMethodNotFound, fmt::format("unknown method `{}`", name.substr(0, 64)), nullptr}});
  }
  const Entry& entry = method->second;
  if (!caller.may(entry.access)) return finish(tl::unexpected{no_right(name, entry.access)});
  const auto params = request.find("params");
  if (params == request.end()) return entry.method(caller, Json::object(), std::move(finish));
  if (!params->is_object()) {
    return finish(tl::unexpected{rpc::invalid_params("`params` must be an object, by name")});
  }
  entry.method(caller, *params, std::move(finish));
}

}  // namespace gate511::control
