// SPDX-License-Identifier: BSD-3-Clause
#include "control/json_rpc.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "control/line_work.hpp"

namespace gate511::control {
namespace {

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
  if (access == Access::kRoot) {
    return rpc::read_only(
        fmt::format("`{}` is for root alone; call it as root on control.socket", method));
  }
  return rpc::read_only(fmt::format(
      "`{}` needs the right to {}; {}", method, access == Access::kChange ? "change" : "read",
      "connect to control.socket, or have control.tls_clients give this name the right"));
}

bool is_id(const Json& id) {
  return id.is_string() || id.is_number() || id.is_null();
}

}  // namespace

std::string Result::open() && {
  return text_.empty() ? std::string{ResultText::kOpen} + text_of(json_) : std::move(text_);
}

tl::expected<Json, RpcError> parse_json(std::string_view text) {
  JsonReader reader{text, kMaxDepth};
  while (reader.work(text.size())) {
  }
  if (reader.error().empty()) return std::move(reader.root());
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
  return error_answer(
      invalid_request(fmt::format("line is longer than {} bytes; send a shorter one", kMaxLine)));
}

std::string Dispatcher::too_many_clients() {
  return error_answer(rpc::busy("no room for another client; close one and try again"));
}

std::string Dispatcher::too_many_of_user() {
  return error_answer(
      rpc::busy("no room for another client of this user; close one and try again"));
}

std::function<bool()> Dispatcher::begin(const Caller& caller, std::string_view line,
                                        Reply reply) const {
  if (line.size() > kMaxLine) {
    return [reply = std::move(reply)] {
      reply(line_too_long());
      return false;
    };
  }
  auto work = std::make_shared<LineWork>(*this, caller, line, std::move(reply));
  return [work = std::move(work)] { return work->step(); };
}

void Dispatcher::handle(const Caller& caller, std::string_view line, Reply reply) const {
  const auto step = begin(caller, line, std::move(reply));
  while (step()) {
  }
}

void Dispatcher::handle_one(const Caller& caller, Json& request, const Reply& reply) const {
  Json id = nullptr;
  bool is_notification = false;
  if (request.is_object()) {
    const auto given = request.find("id");
    is_notification = given == request.end();
    if (!is_notification && !is_id(*given))
      return reply(error_answer(invalid_request("`id` must be a string, a number or null")));
    if (!is_notification) id = *given;
  }
  // Who sends what is no request is told so, even without an id (specification, 5.1).
  if (const auto error = check_envelope(request)) return reply(error_answer(*error, id));

  Done finish = [reply, is_notification, id](Outcome outcome) {
    if (is_notification) return reply({});
    if (!outcome) return reply(error_answer(outcome.error(), id));
    std::string answer = std::move(*outcome).open();
    answer.append(R"(,"id":)").append(text_of(id)).append(R"(,"jsonrpc":"2.0"})");
    reply(std::move(answer));
  };
  const auto& name = request["method"].get_ref<const std::string&>();
  const auto method = methods_.find(name);
  if (method == methods_.end()) {
    return finish(tl::unexpected{RpcError{
        rpc::kMethodNotFound, fmt::format("unknown method `{}`", name.substr(0, 64)), nullptr}});
  }
  const Entry& entry = method->second;
  if (audit_ && entry.access >= Access::kChange) {
    const auto given = request.find("params");
    finish = [finish = std::move(finish),
              audited = audit_(caller, name, given == request.end() ? Json::object() : *given)](
                 Outcome outcome) {
      audited(outcome ? nullptr : &outcome.error());
      finish(std::move(outcome));
    };
  }
  if (!caller.may(entry.access)) return finish(tl::unexpected{no_right(name, entry.access)});
  const auto params = request.find("params");
  if (params == request.end()) {
    Json none = Json::object();
    return entry.method(caller, none, std::move(finish));
  }
  if (!params->is_object()) {
    return finish(tl::unexpected{rpc::invalid_params("`params` must be an object, by name")});
  }
  entry.method(caller, *params, std::move(finish));
}

}  // namespace gate511::control
