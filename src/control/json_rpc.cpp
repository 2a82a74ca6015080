// SPDX-License-Identifier: BSD-3-Clause
#include "control/json_rpc.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "control/json_reader.hpp"

namespace gate511::control {
namespace {

std::string text_of(const Json& json) {
  // What came in was valid UTF-8, but a name from the operating system may not be.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string error_answer(const RpcError& error, const Json& id = nullptr) {
  return fmt::format(R"({{"error":{},"id":{},"jsonrpc":"2.0"}})", text_of(error.to_json()),
                     text_of(id));
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
  std::string answers;
  std::size_t owed = 0;
  Dispatcher::Reply reply;

  void finish_one(std::string_view made) {
    if (!made.empty()) {
      answers += answers.empty() ? '[' : ',';
      answers += made;
    }
    if (--owed != 0) return;
    // Notifications alone draw no answer, not even an empty batch (specification, 6).
    reply(answers.empty() ? std::string{} : std::move(answers) + ']');
  }
};

}  // namespace

std::string Result::dump() && {
  return text_.empty() ? text_of(json_) : std::move(text_);
}

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
  JsonReader reader{text, kMaxDepth};
  while (reader.work(text.size())) {
  }
  if (reader.error().empty()) return std::move(reader.root());
  return tl::unexpected{RpcError{rpc::kParseError, reader.error(), nullptr}};
}

/// A line from its bytes to the last of its requests, in steps.
class LineWork {
 public:
  LineWork(const Dispatcher& dispatcher, Caller caller, std::string_view line,
           Dispatcher::Reply reply)
      : dispatcher_{dispatcher},
        caller_{std::move(caller)},
        line_{line},
        reader_{line_, kMaxDepth},
        reply_{std::move(reply)} {}
  LineWork(const LineWork&) = delete;
  LineWork& operator=(const LineWork&) = delete;

  bool step() {
    switch (phase_) {
      case Phase::kRead:
        if (!reader_.work(kReadAStep)) take_apart();
        break;
      case Phase::kBatch:
        one_of_batch();
        break;
      case Phase::kFree:
        return shred(reader_.root(), kFreedAStep);
    }
    // What is small is done with in one step.
    return phase_ != Phase::kFree || line_.size() > kSmall;
  }

 private:
  static constexpr std::size_t kReadAStep = 2'048;
  static constexpr std::size_t kFreedAStep = 128;
  static constexpr std::size_t kSmall = 4'096;
  enum class Phase { kRead, kBatch, kFree };

  void refuse(const RpcError& error) {
    phase_ = Phase::kFree;
    std::exchange(reply_, nullptr)(error_answer(error));
  }

  void take_apart() {
    if (!reader_.error().empty()) return refuse({rpc::kParseError, reader_.error(), nullptr});
    Json& document = reader_.root();
    if (!document.is_array()) {
      phase_ = Phase::kFree;
      return dispatcher_.handle_one(caller_, document, std::exchange(reply_, nullptr));
    }
    if (document.empty() || document.size() > kMaxBatch) {
      return refuse(invalid_request(
          fmt::format("a batch of {}; it must have 1 to {} requests", document.size(), kMaxBatch)));
    }
    batch_ = std::make_shared<Batch>();
    batch_->owed = document.size();
    batch_->reply = std::exchange(reply_, nullptr);
    phase_ = Phase::kBatch;
  }

  void one_of_batch() {
    Json& document = reader_.root();
    if (next_ + 1 == document.size()) phase_ = Phase::kFree;
    dispatcher_.handle_one(caller_, document[next_++],
                           [batch = batch_](const std::string& made) { batch->finish_one(made); });
  }

  const Dispatcher& dispatcher_;
  const Caller caller_;
  const std::string line_;
  JsonReader reader_;
  Dispatcher::Reply reply_;
  Phase phase_ = Phase::kRead;
  std::shared_ptr<Batch> batch_;
  std::size_t next_ = 0;
};

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
    std::string made = R"({"id":)" + text_of(id) + R"(,"jsonrpc":"2.0","result":)";
    made += std::move(*outcome).dump();
    made += '}';
    reply(std::move(made));
  };
  const auto& name = request["method"].get_ref<const std::string&>();
  const auto method = methods_.find(name);
  if (method == methods_.end()) {
    return finish(tl::unexpected{RpcError{
        rpc::kMethodNotFound, fmt::format("unknown method `{}`", name.substr(0, 64)), nullptr}});
  }
  const Entry& entry = method->second;
  if (audit_ && entry.access == Access::kChange) {
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
